import { type IncomingHttpHeaders, request } from "node:http";
import {
  initialState,
  type ParsedEvent,
  parseEventId,
  parseMessage,
  type RunEvent,
  type RunState,
  reduce,
} from "@ai-progress-stream/protocol";
import { createParser } from "eventsource-parser";

export interface SseCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Looks at each event and closes the connection when it gives true. */
  readonly until?: (event: RunEvent, seq: number | null) => boolean;
  /** Closes the connection after so many bytes of body. */
  readonly cutAfterBytes?: number;
}

export interface SseAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly events: readonly RunEvent[];
  /** Ids of the events that have one. */
  readonly ids: readonly string[];
}

/** One request on a connection of its own, read to its end or to where it is cut. */
export function callSse(url: string, call: SseCall = {}): Promise<SseAnswer> {
  const { method = "POST", headers = {}, body, until, cutAfterBytes = Infinity } = call;
  return new Promise((resolve, reject) => {
    const req = request(url, {
      method,
      agent: false,
      headers: {
        accept: "text/event-stream",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
    req.on("error", reject);
    req.on("response", (res) => {
      const events: RunEvent[] = [];
      const ids: string[] = [];
      const chunks: Buffer[] = [];
      let bytes = 0;
      let isCut = false;
      const utf8 = new TextDecoder();
      const finish = (): void =>
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          body: Buffer.concat(chunks).toString("utf8"),
          events,
          ids,
        });
      const cut = (): void => {
        isCut = true;
        res.destroy();
      };
      const parser = createParser({
        onEvent(message) {
          if (isCut) return;
          const parsed: ParsedEvent = parseMessage(message);
          if (parsed.kind !== "event") throw new Error(`not an event: ${JSON.stringify(parsed)}`);
          events.push(parsed.event);
          if (message.id !== undefined) ids.push(message.id);
          const seq = message.id === undefined ? null : (parseEventId(message.id)?.seq ?? null);
          if (until?.(parsed.event, seq)) cut();
        },
      });
      const isStream = (res.headers["content-type"] ?? "").startsWith("text/event-stream");
      res.on("data", (chunk: Buffer) => {
        if (isCut) return;
        const taken = chunk.subarray(0, cutAfterBytes - bytes);
        bytes += taken.length;
        chunks.push(taken);
        if (isStream) parser.feed(utf8.decode(taken, { stream: true }));
        if (bytes >= cutAfterBytes) cut();
      });
      res.on("close", finish);
      res.on("error", () => {});
    });
    req.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** What a viewer that drops repetitions and refuses gaps makes of one or more answers. */
export function reduceAnswers(answers: readonly Pick<SseAnswer, "events" | "ids">[]): RunState {
  let state = initialState("");
  for (const answer of answers) {
    const ids = [...answer.ids];
    for (const event of answer.events) {
      if (event.type === "open") {
        if (state.run === "") state = initialState(event.run);
        continue;
      }
      const seq = parseEventId(ids.shift() ?? "")?.seq ?? -1;
      if (event.type === "snapshot") {
        if (event.state.seq !== seq) throw new Error("a snapshot's id is not its head");
        state = event.state;
        continue;
      }
      if (seq <= state.seq) continue;
      if (seq !== state.seq + 1) throw new Error(`a gap: ${seq} after ${state.seq}`);
      state = reduce(state, event);
    }
  }
  return state;
}
