import { html, type TemplateResult } from "lit";
import { isBusy, type View } from "../view.js";
import { againGlyph, playGlyph, stopGlyph } from "./glyphs.js";

/** What the one button does now. */
export type ActionKind = "start" | "cancel" | "retry-now" | "retry" | "again" | "none";

export interface Action {
  readonly kind: ActionKind;
  readonly label: string;
  readonly look: "primary" | "outline" | "quiet";
  /** The row of the card that it stands in. */
  readonly row: "header" | "notice" | "footer";
}

export function actionOf(view: View): Action {
  const action = possibleActionOf(view);
  const isStart = action.kind === "start" || action.kind === "again" || action.kind === "retry";
  return isStart && !view.canStart && !view.isResumable ? { ...action, kind: "none" } : action;
}

function possibleActionOf(view: View): Action {
  const { state, labels, error } = view;
  switch (state) {
    case "idle":
      return { kind: view.hasForm ? "none" : "start", label: labels.start, look: "primary", row: "header" };
    case "reconnecting":
      return { kind: "retry-now", label: labels.retryNow, look: "outline", row: "header" };
    case "cancelling":
      return { kind: "none", label: labels.stop, look: "quiet", row: "header" };
    case "done":
      return { kind: "again", label: labels.runAgain, look: "quiet", row: "footer" };
    case "cancelled":
      return { kind: "again", label: labels.startOver, look: "quiet", row: "header" };
    case "error": {
      const row = view.isNoticeShown ? "notice" : "header";
      return error?.retryable || view.isResumable
        ? { kind: "retry", label: labels.retry, look: "outline", row }
        : { kind: "again", label: labels.startOver, look: "outline", row };
    }
    default:
      return {
        kind: "cancel",
        label: view.run.text ? labels.stop : labels.cancel,
        look: "quiet",
        row: "header",
      };
  }
}

/** Each repeat of a held Enter is a click of its own, which would start, stop and start over for as long as it is held. */
function ignoreRepeat(event: KeyboardEvent): void {
  if (event.repeat && event.key === "Enter") event.preventDefault();
}

/** One button for the element's whole life: whatever it says, the focus that is on it stays. */
export function actionView(view: View, action: Action, onClick: () => void): TemplateResult {
  const isHidden = view.state !== "cancelling" && action.kind === "none";
  const glyph =
    isBusy(view.state) && action.kind !== "retry-now"
      ? stopGlyph
      : action.kind === "start"
        ? playGlyph
        : againGlyph;
  return html`<div class="actions" part="actions" ?hidden=${isHidden}>
    <button type="button" part="action" class="button ${action.look}" title=${action.label} aria-disabled=${action.kind === "none" ? "true" : "false"} @keydown=${ignoreRepeat} @click=${onClick}>${glyph}<span class="button-label">${action.label}</span></button>
  </div>`;
}
