/// <reference types="@ai-progress-stream/element/types/react" />
import type { AiDoneEvent, AiProgressStream } from "@ai-progress-stream/element/element";
import { type AiProgress, autoDialect, useAiProgress } from "@ai-progress-stream/element/react";
import { type ReactNode, useRef } from "react";

/* Compiled, never run: what a page in React 19 may write, and what it may not. */

export function Tag(): ReactNode {
  const element = useRef<AiProgressStream>(null);
  return (
    <ai-progress-stream
      ref={element}
      action="/api/chat"
      method="GET"
      dialect="anthropic"
      htmlFor="ask"
      run-id="abc"
      stages={[{ id: "a", label: "A", weight: 2 }]}
      headers={async () => ({ authorization: "Bearer t" })}
      stages-view="rail"
      labels={{ start: "Go" }}
      className="wide"
      autostart
      onai-done={(event) => event.detail.elapsed.toFixed(1)}
      onai-error={({ detail }) => detail.error.code === "conflict"}
    >
      <span slot="hint">Takes a while</span>
    </ai-progress-stream>
  );
}

export function Mistakes(): ReactNode {
  return (
    <>
      {/* @ts-expect-error: there is no such dialect */}
      <ai-progress-stream dialect="gemnii" />
      {/* @ts-expect-error: a stage needs an id */}
      <ai-progress-stream stages={[{ label: "A" }]} />
      {/* @ts-expect-error: the event has another class */}
      <ai-progress-stream onai-start={(event: AiDoneEvent) => event} />
      {/* @ts-expect-error: there is no such property */}
      <ai-progress-stream src="/api/chat" />
    </>
  );
}

export function Hook(): ReactNode {
  const run: AiProgress = useAiProgress({ action: "/api/chat", dialect: autoDialect });
  // @ts-expect-error: an action is needed
  useAiProgress({});
  return (
    <button type="button" onClick={() => run.start({ prompt: "Hello" })}>
      {run.state.text || run.error?.message}
    </button>
  );
}
