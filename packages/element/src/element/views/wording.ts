import { errorDescriptions, type RunError } from "@ai-progress-stream/protocol";
import { ownSentences } from "../../client/failure.js";
import { fill } from "../format.js";
import { currentStage, isPlanned, type View } from "../view.js";

/** What is being done, in words. */
export function activity(view: View): string {
  const { state, labels, run } = view;
  switch (state) {
    case "connecting":
    case "done":
      return labels[state];
    case "reconnecting":
      return hasBegun(view) ? labels.reconnecting : waitingText(view);
    case "cancelling":
      return labels.stopping;
    case "cancelled":
      return labels.stopped;
    case "error": {
      if (view.isResumable) return labels.lost;
      const current = currentStage(view);
      return current ? fill(view.lang, labels.failedAt, { stage: current.stage.label }) : labels.failed;
    }
    default:
      return givenActivity(view) || (run.text ? labels.writing : labels.working);
  }
}

const hasBegun = ({ run }: View): boolean => run.seq > 0;

/** Nothing was lost where nothing has begun: a start that was refused for now says why. */
function waitingText(view: View): string {
  const error = view.retry?.error;
  return error ? failureText(view, error).sentence : view.labels.connecting;
}

/** What is being done, in the words of the page or of its server; empty where there are none. */
export function givenActivity(view: View): string {
  const { state, run } = view;
  if (state !== "running" && state !== "streaming") return "";
  return run.message || currentStage(view)?.stage.label || "";
}

/** What stands muted behind it: how much of how much, or what became of the text. */
export function remark(view: View): string {
  const { state, labels, lang, run } = view;
  if (state === "reconnecting") return run.text ? labels.textSafe : "";
  if (state === "cancelled") return cancelRemark(view);
  if (state !== "running" && state !== "streaming") return "";
  const current = currentStage(view);
  const { completed, total } = current?.stage ?? {};
  if (completed !== undefined && total !== undefined) {
    // "Page 127 of 500" needs no "127 of 500" after it.
    const isSaid = new RegExp(`\\b${completed}\\b.*\\b${total}\\b`).test(run.message ?? "");
    return isSaid ? "" : fill(lang, labels.count, { completed, total });
  }
  if (!current || !isPlanned(view)) return "";
  return fill(lang, labels.count, { completed: current.index + 1, total: view.stages.length });
}

function cancelRemark({ run, labels, lang }: View): string {
  const by = labels.stoppedBy[run.reason ?? "user"];
  if (!run.text) return by;
  const count = run.usage?.outputTokens;
  const kept =
    count === undefined
      ? labels.partKept
      : fill(lang, labels.tokensKept, { tokens: fill(lang, labels.tokens, { count }) });
  return `${by} — ${kept}`;
}

/** A failure as one sentence, and what there is to add. */
export interface FailureText {
  readonly sentence: string;
  readonly detail: string;
  /** Whether the application has written it, and not we. */
  readonly isGiven: boolean;
}

const sentenceNames = Object.keys(ownSentences) as (keyof typeof ownSentences)[];

/** The fixed sentences, the protocol's and the client's, are put into the reader's language; an application's own stay as written. */
export function failureText(view: View, error: RunError): FailureText {
  const { labels, lang, run } = view;
  const own = sentenceNames.find((name) => ownSentences[name] === error.message);
  const isFixed = own !== undefined || errorDescriptions[error.code]?.message === error.message;
  const message = (own ? labels[own] : isFixed && labels.errors[error.code]) || error.message;
  const [, sentence = message, rest = ""] =
    /^(.+?(?:[.!?](?=\s)|[。！？](?!\p{P})))\s*(.+)$/su.exec(message) ?? [];
  const waitMs =
    error.retryAfterMs === undefined ? 0 : (run.endedAt ?? 0) + error.retryAfterMs - view.serverNow;
  const advice = waitMs > 0 ? fill(lang, labels.retryAfter, { count: Math.ceil(waitMs / 1000) }) : rest;
  return {
    sentence,
    isGiven: !isFixed,
    detail: [run.text ? labels.textKept : "", advice].filter(Boolean).join(" "),
  };
}
