import type { LoggedEvent, RunState } from "@ai-progress-stream/protocol";
import type { Page } from "../run-store.js";
import { unescapeText } from "./batch.js";
import { type Commands, toList } from "./commands.js";
import type { Keys } from "./keys.js";
import { readScript } from "./scripts.js";

/** Reads pages. What several ask for in one turn is asked and decoded once, and is one and the same page for all. */
export function createReader(
  commands: Commands,
  keys: Keys,
): (run: string, cursor: number | null) => Promise<Page | null> {
  /** Only those that are not sent yet: one that is under way may have looked before what its next asker was told of. */
  const unsent = new Map<string, Promise<Page | null>>();

  async function read(id: string, run: string, cursor: number | null): Promise<Page | null> {
    await Promise.resolve();
    unsent.delete(id);
    const reply = toList(await commands.run(readScript, keys.of(run).all, ["", cursor ?? ""]));
    return reply && decodePage(reply, cursor ?? 0);
  }

  return (run, cursor) => {
    const id = `${run} ${cursor}`;
    const page = unsent.get(id) ?? read(id, run, cursor);
    unsent.set(id, page);
    return page;
  };
}

function decodePage([kind, ...rest]: readonly (string | null)[], cursor: number): Page {
  if (kind === "tail") {
    const [status, ...events] = rest;
    return {
      kind,
      firstSeq: cursor + 1,
      events: events.map((event) => JSON.parse(event ?? "") as LoggedEvent),
      hasEnded: status !== "running",
    };
  }
  return { kind: "snapshot", state: decodeState(rest) };
}

/** A state and its texts, as the scripts give them. */
export const decodeState = ([state, text, reasoning]: readonly (string | null)[]): RunState => ({
  ...(JSON.parse(state ?? "") as RunState),
  text: unescapeText(text ?? ""),
  reasoning: unescapeText(reasoning ?? ""),
});
