import type { ProxyOptions } from "./options.js";
import type { JobContext } from "./run/job.js";
import type { RunInfo } from "./run/producer.js";
import { parseUrl } from "./upstream/base-url.js";
import type { ProxyRequest } from "./upstream/proxy.js";
import { lowerCased } from "./upstream/service.js";

/**
 * The job of an endpoint that relays another service.
 * @throws TypeError if the URL is none, or nothing says what is sent
 */
export function createProxyJob<Input>(
  options: ProxyOptions<Input>,
): (context: JobContext<Input>) => Promise<void> {
  const requestOf = options.request ?? fixedRequest(options);
  return async ({ input, runId, principal, proxy }) => {
    await proxy(() => requestOf(input, { runId, principal }), options);
  };
}

/** One URL for every run; only the body follows from the input. */
function fixedRequest<Input>({
  url,
  method = "POST",
  headers = {},
  input: schema,
  body,
}: ProxyOptions<Input>) {
  if (url === undefined) throw new TypeError("proxy: give the service's url, or a function request.");
  const { href } = parseUrl("url", url);
  if (method === "POST" && !schema && !body) {
    throw new TypeError(
      "proxy: give input (a schema) or body (a function). What a client sends is not passed on unchecked.",
    );
  }
  if (typeof headers !== "function") lowerCased(headers);
  return async (input: Input, run: RunInfo): Promise<ProxyRequest> => ({
    url: href,
    method,
    headers: typeof headers === "function" ? await headers(run) : headers,
    body: method === "GET" ? undefined : body ? body(input, run) : input,
  });
}
