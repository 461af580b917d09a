import type { Clock } from "../clock.js";
import { type Logger, redactingLogger } from "../logger.js";
import { withDefaults } from "../with-defaults.js";
import { createCaller } from "./call.js";
import { createConnections } from "./exchange.js";
import { createProxy, type ServiceProxy } from "./proxy.js";
import { createRelay, type Relay } from "./relay.js";
import { defaultRetryMessage, type RetryNotice } from "./retry.js";
import { createSecrets } from "./secrets.js";
import { defaultTimeouts, type UpstreamTimeouts } from "./timeouts.js";

export interface UpstreamOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: { readonly upstreamBytes: number; readonly upstreamLineChars: number };
  readonly timeouts?: Partial<UpstreamTimeouts>;
  readonly maxRetries?: number;
  readonly retryMessage?: (retry: RetryNotice) => string;
}

/** All that a process needs to ask other services, and a logger that has none of their secrets. */
export interface Upstream {
  readonly relay: Relay;
  readonly proxy: ServiceProxy;
  readonly logger: Logger;
  /** Lets go of the connections that are kept. */
  close(): void;
}

export function createUpstream(options: UpstreamOptions): Upstream {
  const { clock, limits, maxRetries = 2, retryMessage = defaultRetryMessage } = options;
  const secrets = createSecrets();
  const logger = redactingLogger(options.logger, secrets.redact);
  const connections = createConnections();
  const timeouts = withDefaults(defaultTimeouts, options.timeouts);
  const rules = { connections, clock, logger, limits, maxRetries, timeouts, retryMessage };
  const callUpstream = createCaller({ ...rules, onSecrets: secrets.add });
  return {
    relay: createRelay(callUpstream),
    proxy: createProxy(callUpstream, { connections, clock, logger, maxRetries }),
    logger,
    close: () => connections.close(),
  };
}
