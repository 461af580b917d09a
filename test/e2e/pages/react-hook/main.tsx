import { type AiProgress, sessionPersistence, useAiProgress } from "@ai-progress-stream/element/react";
import { type ReactNode, StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";

/** What the test reads. */
export interface Seen {
  /** The requests that were made; nobody answers them. */
  requests: number;
  refusals: string[];
}
const seen: Seen = { requests: 0, refusals: [] };

const unanswered: typeof fetch = (_url, init) => {
  seen.requests++;
  return new Promise((_, reject) => {
    init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
  });
};

/** Starts as soon as it is there, before its parent's effects have run. */
function Child({ start }: Pick<AiProgress, "start">): ReactNode {
  useEffect(() => {
    start({}).catch((error: unknown) => seen.refusals.push(String(error)));
  }, [start]);
  return null;
}

function Chat({ name }: { readonly name: string }): ReactNode {
  const { start, reset } = useAiProgress({
    action: "/chat",
    fetch: unanswered,
    persistence: sessionPersistence(name),
  });
  return (
    <>
      <Child start={start} />
      <button type="button" onClick={() => reset()}>
        Reset
      </button>
      <button type="button" id="start" onClick={() => void start({})}>
        Start
      </button>
    </>
  );
}

const root = createRoot(document.body);
const show = (name: string): void =>
  root.render(
    <StrictMode>
      <Chat name={name} />
    </StrictMode>,
  );
show("one");
Object.assign(window, { seen, show });
