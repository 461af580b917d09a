import { AiProgressStream } from "@ai-progress-stream/element";
import type { RunState } from "@ai-progress-stream/protocol";
import type { Call } from "../backend/room.js";
import { mount, until } from "../support/mount.js";

const { createSession } = AiProgressStream;

/** An element in front of a server, and what there is to be seen of both. */
export interface Front {
  readonly element: AiProgressStream;
  readonly room: string;
  /** What has been said, in order, without repetitions. */
  readonly messages: readonly string[];
  /** How far it was, at each change. */
  readonly fractions: readonly number[];
  /** Labels of the stages that began, in order. */
  readonly stages: readonly string[];
  /** The requests that the element has made. */
  calls(): Promise<readonly Call[]>;
  release(): Promise<void>;
  /** Starts, and cuts the connection once there is text: Chromium drops what its page has not read by then. */
  startAndCut(input: unknown): Promise<RunState>;
}

/** `path` is that of the server; `{room}` is where this test is alone with it. */
export async function frontOf(
  path: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Front> {
  AiProgressStream.createSession = createSession;
  document.documentElement.lang = "en";
  const room = crypto.randomUUID();
  const element = await mount({ action: path.replace("{room}", room), ...attributes });
  const messages: string[] = [];
  const fractions: number[] = [];
  const stages: string[] = [];
  element.addEventListener("ai-event", ({ detail: { event } }) => {
    const { message, progress } = element.runState;
    if (message !== null && message !== messages.at(-1)) messages.push(message);
    if (progress !== null && progress !== fractions.at(-1)) fractions.push(progress);
    if (event.type === "stage" && event.status === "running") stages.push(event.label ?? event.stage);
  });
  const order = async (what: string): Promise<void> => {
    await fetch(`/api/rooms/${room}/${what}`, { method: "POST" });
  };
  return {
    element,
    room,
    messages,
    fractions,
    stages,
    calls: async () => once((await (await fetch(`/api/rooms/${room}`)).json()).calls),
    release: () => order("release"),
    async startAndCut(input) {
      const result = element.start(input);
      await until(() => element.text !== "", "the first text");
      await order("cut");
      return result;
    },
  };
}

/** Chromium itself sends a request again where a socket that it kept turns out to be closed: as it was, key and all. */
function once(calls: readonly Call[]): readonly Call[] {
  const identity = ({ method, path, key }: Call): string => `${method} ${path} ${key}`;
  return [...new Map(calls.map((call) => [identity(call), call])).values()];
}

export const isRising = (fractions: readonly number[]): boolean =>
  fractions.every((fraction, index) => index === 0 || fraction > (fractions[index - 1] ?? 0));

/** Everything that the element shows, says or holds, in one text: for what must be in none of it. */
export const everythingIn = (element: AiProgressStream): string =>
  JSON.stringify([element.shadowRoot?.textContent, element.runState, element.error]);
