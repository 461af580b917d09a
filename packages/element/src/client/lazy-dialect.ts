import type { Dialect, DialectName } from "@ai-progress-stream/protocol/dialects";
import type { DialectDetector } from "./dialect-choice.js";

/** A language whose code is loaded when an answer first needs it; `auto`: whichever it turns out to be in. */
export interface LazyDialect {
  readonly name: DialectName | "auto";
  load(): Promise<Dialect | DialectDetector>;
}

/** The language of a server, as a session is told it. */
export type SessionDialect = Dialect | DialectDetector | LazyDialect;

/**
 * What `autoDialect` or the dialect of this name is, without its code: that is loaded at the start of a run where
 * a name is given, and for `auto` as soon as an answer turns out not to be of our own protocol. Where it cannot be
 * loaded, the run is given up with the error `internal`.
 */
export const lazyDialect = (name: DialectName | "auto"): LazyDialect => ({
  name,
  load: () => import("./dialect-choice.js").then(({ dialectFor }) => dialectFor(name)),
});

/** Whether the page itself says that the server is somebody else's. */
export const isNamed = (dialect: SessionDialect | null): boolean =>
  dialect !== null && !("detect" in dialect) && dialect.name !== "auto";
