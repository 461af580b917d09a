import {
  overallProgress,
  type RunError,
  type RunState,
  type StagePlan,
  type StageState,
  stageFraction,
} from "@ai-progress-stream/protocol";
import type { SessionStatus } from "../client/session.js";
import type { ElementState } from "./events.js";
import type { Labels } from "./labels/labels.js";

/** How stages are shown: as a list until text comes, always as a list, only as a rail, not at all. */
export type StagesView = "auto" | "list" | "rail" | "none";

/** All that the views draw from: one frozen moment. */
export interface View {
  readonly state: ElementState;
  readonly run: RunState;
  /** Counts the runs. */
  readonly runNumber: number;
  readonly retry: SessionStatus["retry"];
  readonly error: RunError | null;
  readonly isResumable: boolean;
  readonly stages: readonly StageState[];
  /** 0..1, never falling within a run; null: not known. */
  readonly progress: number | null;
  /** Now, on the server's clock and on ours (epoch ms). */
  readonly serverNow: number;
  readonly now: number;
  /** Of numbers and plurals: our own texts', or the page's where it has put texts into their place. */
  readonly lang: string;
  /** Of our own texts. */
  readonly ownLang: string;
  /** Of the page's and its server's, to mark them with; null where ours are in the same. */
  readonly givenLang: string | null;
  readonly labels: Labels;
  readonly label: string;
  readonly stagesView: StagesView;
  readonly show: ReadonlySet<string>;
  readonly currency: string;
  /** Whether a form starts the runs, so that no button of ours has to. */
  readonly hasForm: boolean;
  /** Whether there is a way to start one from here: a page may bring its streams itself. */
  readonly canStart: boolean;
  readonly isNoticeShown: boolean;
  readonly isCopied: boolean;
}

/** The element's state, from where the connection and the run stand. */
export function elementState({ phase, state, error }: SessionStatus): ElementState {
  if (phase !== "open" && phase !== "ended") return phase;
  if (error) return "error";
  if (state.status === "succeeded") return "done";
  if (state.status === "failed") return "error";
  if (state.status === "cancelled") return "cancelled";
  return state.text === "" ? "running" : "streaming";
}

const busyStates: ReadonlySet<ElementState> = new Set([
  "connecting",
  "running",
  "streaming",
  "reconnecting",
  "cancelling",
]);
export const isBusy = (state: ElementState): boolean => busyStates.has(state);

/** The stages of a plan that a page has written, which may hold anything: what is no stage is left out. */
export function planOf(stages: unknown): readonly Required<StagePlan>[] {
  return (Array.isArray(stages) ? stages : []).flatMap((stage: Partial<StagePlan> | null) => {
    if (typeof stage?.id !== "string") return [];
    const weight = Number(stage.weight ?? 1);
    return {
      id: stage.id,
      label: String(stage.label ?? stage.id),
      weight: weight >= 0 && Number.isFinite(weight) ? weight : 1,
    };
  });
}

/**
 * The stages to show. A plan lends label, weight and order to stages that a server named without weights;
 * stages that the run itself announced with weights stand as they are.
 */
export function plannedStages(
  plan: readonly Required<StagePlan>[],
  stages: readonly StageState[],
): readonly StageState[] {
  if (plan.length === 0 || stages.some((stage) => stage.weight > 0)) return stages;
  const planned = plan.map(({ id, label, weight }): StageState => {
    const known = stages.find((stage) => stage.id === id);
    const base: StageState = known ?? { id, label, weight, status: "pending" };
    return { ...base, weight, label: base.label === id ? label : base.label };
  });
  return [...planned, ...stages.filter((stage) => !plan.some(({ id }) => id === stage.id))];
}

/** Keeps what a bar shows from ever falling, whatever a server says. */
export interface ProgressFloor {
  readonly reset: () => void;
  readonly rise: (run: RunState, stages: readonly StageState[]) => number | null;
  readonly riseStage: (stage: StageState) => StageState;
}
export function createProgressFloor(): ProgressFloor {
  let overall: number | null = null;
  const fractions = new Map<string, number>();
  return {
    reset() {
      overall = null;
      fractions.clear();
    },
    rise(run, stages) {
      // A plan of the page's says nothing of a server that names no stage.
      const isPlan = stages !== run.stages && run.stages.length > 0;
      const planned = isPlan ? overallProgress({ stages }) : null;
      const known = [overall, run.progress, planned === null ? null : Math.min(planned, 0.99)];
      const values = known.filter((value) => value !== null);
      overall = values.length > 0 ? Math.max(...values) : null;
      return overall;
    },
    riseStage(stage) {
      const fraction = Math.max(fractions.get(stage.id) ?? 0, stageFraction(stage));
      fractions.set(stage.id, fraction);
      return fraction === stageFraction(stage) ? stage : { ...stage, fraction };
    },
  };
}

/** The stage that is being worked on; where the run has ended, the one it ended in. */
export function currentStage(view: View): { readonly stage: StageState; readonly index: number } | null {
  const failed = view.stages.findIndex(({ status }) => status === "failed");
  const index = failed >= 0 ? failed : view.stages.findLastIndex(({ status }) => status === "running");
  const stage = view.stages[index];
  return stage ? { stage, index } : null;
}

/** Whether it is known how many stages there are: those that a server names as it comes to them are no plan. */
export const isPlanned = ({ stages }: View): boolean =>
  stages.length > 1 && stages.some(({ weight }) => weight > 0);

/** Which bar is drawn. A rail is a thin line along the card's edge; segments show the stages by weight. */
export function barOf(view: View): "rail" | "segments" | null {
  const { state, stagesView } = view;
  const hasSegments = stagesView !== "rail" && view.stages.some(({ weight }) => weight > 0);
  if (stagesView === "none" || state === "idle") return null;
  if (state === "done" || state === "cancelled")
    return hasSegments && stagesView === "list" ? "segments" : null;
  if (state === "error") return hasSegments && hasBegun(view) ? "segments" : null;
  if (!hasSegments) return "rail";
  return view.run.text === "" || stagesView === "list" ? "segments" : "rail";
}

const hasBegun = (view: View): boolean => view.stages.some(({ status }) => status !== "pending");

/** Whether the list of stages is drawn. Automatically: until text comes, and not once the run is over. */
export function isListShown(view: View): boolean {
  if (view.stages.length === 0 || view.stagesView === "none" || view.stagesView === "rail") return false;
  return view.stagesView === "list" || view.state === "idle" || (isBusy(view.state) && view.run.text === "");
}

/** Whether grey lines stand where the text will come: nothing else is there to look at. */
export const isSkeletonShown = (view: View): boolean =>
  (view.state === "connecting" || view.state === "running") && view.run.text === "" && !isListShown(view);
