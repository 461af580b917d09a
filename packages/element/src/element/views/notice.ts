import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../view.js";
import { failureText } from "./wording.js";

/** What went wrong, in a sentence, with the code and the id that a support desk would ask for. */
export function noticeView(view: View): TemplateResult | typeof nothing {
  const { error } = view;
  if (view.state !== "error" || !error || !view.isNoticeShown) return nothing;
  const { sentence, detail, isGiven } = failureText(view, error);
  const code = error.requestId ? `${error.code} · ${error.requestId}` : error.code;
  return html`<div class="notice" part="notice">
    <div class="sentence" part="error-message" lang=${(isGiven && view.givenLang) || nothing}>${sentence}</div>
    <div class="detail" part="error-detail">${detail} <code part="error-code">${code}</code></div>
  </div>`;
}
