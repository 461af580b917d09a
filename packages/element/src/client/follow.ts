import { unreadable } from "./failure.js";
import { fieldsOf, isJson, mediaTypeOf, readText } from "./problem.js";

/**
 * Where the stream is, for an answer that only names it: 201 or 202 with a Location, or 2xx JSON with
 * `stream_url`, `streamUrl` or `url`. Null for any other answer. Throws for a stream at another origin than the
 * action's: the request's headers, credentials among them, are meant for that one alone.
 */
export async function streamNamedBy(response: Response, requestUrl: string): Promise<string | null> {
  if (!response.ok) return null;
  const name = await nameIn(response);
  if (name === null) return null;
  let target: URL;
  try {
    // The URL parser also escapes what the server left unescaped.
    target = new URL(name, response.url || requestUrl);
  } catch {
    throw unreadable("The server named a stream by an address that cannot be read.");
  }
  if (target.origin !== new URL(requestUrl).origin) {
    throw unreadable(
      `The server named a stream at another origin (${target.origin}), which is not followed.`,
    );
  }
  return target.href;
}

async function nameIn(response: Response): Promise<string | null> {
  const location = response.headers.get("location");
  if ((response.status === 201 || response.status === 202) && location !== null) {
    await response.body?.cancel();
    return location;
  }
  if (!isJson(mediaTypeOf(response))) return null;
  const fields = fieldsOf(await readText(response));
  for (const name of ["stream_url", "streamUrl", "url"]) {
    const value = fields[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return null;
}
