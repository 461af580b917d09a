import {
  type EventId,
  formatEventId,
  initialState,
  isRunId,
  type LoggedEvent,
  PROTOCOL_VERSION,
  parseEventId,
  parseMessage,
  type RunEvent,
  type RunState,
  reduce,
  type SseMessage,
} from "@ai-progress-stream/protocol";

/** What one message did. `ignored`: seen before, or of a name that this version does not know. */
export type Intake =
  | { readonly kind: "handled"; readonly event: RunEvent; readonly isProgress: boolean }
  | { readonly kind: "ignored" }
  | { readonly kind: "gap" }
  | { readonly kind: "unreadable"; readonly reason: string };

const IGNORED: Intake = { kind: "ignored" };

/** Folds the messages of a run, over however many connections they come, into one state. */
export class RunFold {
  state: RunState;
  /** An event came without an id: what came after it cannot be asked for. */
  lacksIds = false;
  #cursor: string | null = null;

  constructor(run: string | null, at: number) {
    this.state = initialState(run ?? "", at);
  }

  /** The id of the last event that was handled, in the form that Last-Event-ID takes. */
  get cursor(): string | null {
    return this.lacksIds ? null : this.#cursor;
  }

  get hasEnded(): boolean {
    return this.state.status !== "running";
  }

  take(message: SseMessage): Intake {
    const parsed = parseMessage(message);
    const id = message.id === undefined ? null : parseEventId(message.id);
    if (parsed.kind === "unknown") {
      // Of a later version: it has its place in the log all the same.
      if (id?.run === this.state.run && id.seq === this.state.seq + 1) this.#pass(id);
      return IGNORED;
    }
    if (parsed.kind === "malformed") return { kind: "unreadable", reason: parsed.reason };
    const { event } = parsed;
    if (event.type === "open") return this.#open(event);
    if (event.type === "snapshot") {
      if (!this.#adopt(event.state.run)) return foreignRun;
      const seq = id?.seq ?? event.state.seq;
      const isProgress = seq > this.state.seq;
      // Its id is the head that it stands for, whatever its state says.
      this.state = reduce(this.state, event);
      this.#pass({ run: event.state.run, seq });
      this.lacksIds = false;
      return { kind: "handled", event, isProgress };
    }
    if (id === null) {
      this.lacksIds = true;
    } else {
      if (!this.#adopt(id.run)) return foreignRun;
      if (id.seq <= this.state.seq) return IGNORED;
      if (id.seq > this.state.seq + 1) return { kind: "gap" };
      this.#cursor = formatEventId(id.run, id.seq);
    }
    this.state = reduce(this.state, event);
    return { kind: "handled", event, isProgress: true };
  }

  #pass({ run, seq }: EventId): void {
    this.state = { ...this.state, seq };
    this.#cursor = formatEventId(run, seq);
  }

  /** Takes an event that was made here, where the server has none of its own. */
  append(event: LoggedEvent): void {
    this.lacksIds = true;
    this.state = reduce(this.state, event);
  }

  #open(event: Extract<RunEvent, { type: "open" }>): Intake {
    if (event.protocol > PROTOCOL_VERSION) {
      return {
        kind: "unreadable",
        reason: `The server speaks version ${event.protocol} of the protocol, this page only ${PROTOCOL_VERSION}.`,
      };
    }
    if (!isRunId(event.run))
      return {
        kind: "unreadable",
        reason: `The server named a run "${event.run}". An id has 22 to 64 characters of A-Z a-z 0-9 _ -.`,
      };
    return this.#adopt(event.run) ? { kind: "handled", event, isProgress: false } : foreignRun;
  }

  /** Whether an event belongs to this run; the first one says which run that is. */
  #adopt(run: string): boolean {
    if (this.state.run === "") this.state = { ...this.state, run };
    return this.state.run === run;
  }
}

const foreignRun: Intake = {
  kind: "unreadable",
  reason: "The server answered with another run than the one that was asked for.",
};
