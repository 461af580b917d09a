/// <reference types="@ai-progress-stream/element/types/svelte" />
import type { SvelteHTMLElements } from "svelte/elements";

/* Compiled, never run: what the checker of a Svelte template lets through, and what it does not. */

type Props = SvelteHTMLElements["ai-progress-stream"];

export const props: Props = {
  action: "/api/chat",
  dialect: "ag-ui",
  stages: [{ id: "a", label: "A" }],
  class: "wide",
  "onai-done": (event) => event.detail.elapsed,
  "on:ai-error": ({ detail }) => detail.error.code,
};
// @ts-expect-error: there is no such dialect
export const wrongDialect: Props = { dialect: "gemnii" };
// @ts-expect-error: the event tells something else
export const wrongEvent: Props = { "onai-start": (event) => event.detail.elapsed };
