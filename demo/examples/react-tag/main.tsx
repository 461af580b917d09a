/// <reference types="@ai-progress-stream/element/types/react" />
import "@ai-progress-stream/element";
import type { AiProgressStream } from "@ai-progress-stream/element";
import { type ReactNode, StrictMode, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

/** React 19 sets the tag's properties and listens to its events as it does with its own. */
function App(): ReactNode {
  const stream = useRef<AiProgressStream>(null);
  const [seconds, setSeconds] = useState<string | null>(null);

  function ask(data: FormData): void {
    setSeconds(null);
    void stream.current?.start({ prompt: String(data.get("prompt")) });
  }

  return (
    <>
      <h1>React 19 with the tag</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          ask(new FormData(event.currentTarget));
        }}
      >
        <label htmlFor="prompt">Your question</label>
        <textarea
          id="prompt"
          name="prompt"
          rows={3}
          required
          defaultValue="How does a run survive a reload?"
        />
        <button type="submit">Ask</button>
      </form>
      <ai-progress-stream
        ref={stream}
        id="react-tag"
        action="/api/chat"
        persist="session"
        label="Answer"
        format="markdown"
        labels={{ done: "Answered" }}
        headers={async () => ({ "x-page": "react-tag" })}
        onai-done={({ detail }) => setSeconds((detail.elapsed / 1000).toFixed(1))}
      />
      {seconds !== null && <p id="elapsed">It took {seconds} seconds.</p>}
    </>
  );
}

const container = document.querySelector("#app");
if (container) {
  createRoot(container).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
