import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { createSSRApp, defineComponent, h } from "vue";
import { renderToString as renderVue } from "vue/server-renderer";

describe("on a server, without a document", () => {
  test("every entry can be imported, and registers nothing", async () => {
    expect("document" in globalThis).toBe(false);
    const { AiProgressStream } = await import("@ai-progress-stream/element");
    expect(typeof AiProgressStream).toBe("function");
    await import("@ai-progress-stream/element/element");
    const { createSession } = await import("@ai-progress-stream/element/client");
    expect(createSession({ action: "https://example.org/api" }).status.phase).toBe("idle");
    const { es } = await import("@ai-progress-stream/element/labels/es.js");
    expect(es.start).toBe("Generar");
  });

  test("a React component with the hook renders as idle, whatever its action is relative to", async () => {
    const { useAiProgress } = await import("@ai-progress-stream/element/react");
    const View = () => {
      const { phase, state, isBusy } = useAiProgress({ action: "/api/chat" });
      return createElement("p", null, `${phase} ${isBusy} ${state.text.length}`);
    };
    expect(renderToString(createElement(View))).toBe("<p>idle false 0</p>");
  });

  test("React writes the tag with its attributes and what stands in for it", () => {
    const html = renderToString(
      createElement(
        "ai-progress-stream",
        { action: "/api/chat", label: "Answer" },
        createElement("p", null, "…"),
      ),
    );
    expect(html).toBe('<ai-progress-stream action="/api/chat" label="Answer"><p>…</p></ai-progress-stream>');
  });

  test("a Vue component with the composable renders as idle", async () => {
    const { useAiProgress } = await import("@ai-progress-stream/element/vue");
    const View = defineComponent({
      setup() {
        const { phase, isBusy } = useAiProgress({ action: "/api/chat" });
        return () => h("p", `${phase.value} ${isBusy.value}`);
      },
    });
    expect(await renderVue(createSSRApp(View))).toBe("<p>idle false</p>");
  });
});
