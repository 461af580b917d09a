import { AiProgressStream } from "@ai-progress-stream/element";

/* Compiled, never run: what a page without a framework may write. */

export function page(): void {
  const element = document.createElement("ai-progress-stream");
  element.stages = [{ id: "a", label: "A", weight: 2 }];
  element.headers = { authorization: "Bearer t" };
  element.addEventListener("ai-text", ({ detail }) => detail.delta?.length);
  document.addEventListener("ai-done", (event) => event.detail.result);
  document.querySelector("ai-progress-stream")?.consume(new Response("x"));
  // @ts-expect-error: it is read-only
  element.text = "";
  // @ts-expect-error: there is no such dialect
  element.dialect = "gemnii";
  console.log(element instanceof AiProgressStream);
}
