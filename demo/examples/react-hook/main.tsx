import { sessionPersistence, useAiProgress } from "@ai-progress-stream/element/react";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";

const persistence = sessionPersistence("react-hook");

/** A view of one's own over the session: the run is found again after a reload, and survives a lost connection. */
function App(): ReactNode {
  const { state, phase, error, retry, isBusy, isResumable, start, cancel, resume } = useAiProgress({
    action: "/api/chat",
    persistence,
  });
  return (
    <>
      <h1>React 19 with the hook</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const prompt = String(new FormData(event.currentTarget).get("prompt"));
          if (!isBusy) void start({ prompt });
        }}
      >
        <label htmlFor="prompt">Your question</label>
        <textarea
          id="prompt"
          name="prompt"
          rows={3}
          required
          defaultValue="Count from 1 to 60, one number per line."
        />
        <button type="submit" aria-disabled={isBusy}>
          Ask
        </button>
      </form>
      {isBusy && <progress aria-label="Progress" value={state.progress ?? undefined} />}
      <p id="phase" role="status">
        {retry ? `Reconnecting, attempt ${retry.attempt} of ${retry.maxRetries}` : phase}
        {state.status !== "running" && `: ${state.status}`}
      </p>
      {error && <p role="alert">{error.message}</p>}
      {isBusy && (
        <button type="button" id="stop" onClick={() => void cancel()}>
          Stop
        </button>
      )}
      {!isBusy && isResumable && (
        <button type="button" id="resume" onClick={() => void resume()}>
          Go on
        </button>
      )}
      <p className="answer">{state.text}</p>
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
