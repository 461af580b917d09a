import { AiProgressStream } from "./element/ai-progress-stream.js";

/** Registers the tag, unless the page has loaded it already: a second copy must not throw. */
if (typeof customElements !== "undefined" && !customElements.get("ai-progress-stream")) {
  customElements.define("ai-progress-stream", AiProgressStream);
}

export * from "./element.js";
