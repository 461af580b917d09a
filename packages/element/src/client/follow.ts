import { unreadable } from "./failure.js";
import { fieldsOf, isJson, mediaTypeOf, readText } from "./problem.js";

/** A stream that an answer names instead of being it. */
export interface NamedStream {
  readonly url: string;
  /** By a Location header, as a server does that keeps its runs; else only in JSON. */
  readonly isLocation: boolean;
}

/** Where an answer stands, by any service's name for it. Beside one, a `url` is its source or its own address. */
const answerKeys = [
  ...[
    "choices",
    "candidates",
    "output",
    "content",
    "text",
    "answer",
    "response",
    "result",
    "results",
    "data",
  ],
  ...["full_text", "full_content", "total_content", "error"],
];

/**
 * Where the stream is, for an answer that only names it: 201 or 202 with a Location, or 2xx JSON with
 * `stream_url` or `streamUrl`, or with a `url` and no answer beside it. Null for any other answer, which can then still be read. Throws for a stream
 * at another origin than the action's: the request's headers, credentials among them, are meant for that one alone.
 */
export async function streamNamedBy(response: Response, requestUrl: string): Promise<NamedStream | null> {
  if (!response.ok) return null;
  const location =
    response.status === 201 || response.status === 202 ? response.headers.get("location") : null;
  const name = location ?? (await nameIn(response));
  if (name === null) return null;
  await response.body?.cancel();
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
  return { url: target.href, isLocation: location !== null };
}

async function nameIn(response: Response): Promise<string | null> {
  if (!isJson(mediaTypeOf(response))) return null;
  // A copy: an answer that names nothing may be all there is to read.
  const fields = fieldsOf(await readText(response.clone()));
  const names = [fields["stream_url"], fields["streamUrl"], holdsAnswer(fields) ? null : fields["url"]];
  return names.find((name): name is string => typeof name === "string" && name !== "") ?? null;
}

/** A `message` that is an object is an answer's; one that is a sentence tells what was done: "queued". */
const holdsAnswer = (fields: Readonly<Record<string, unknown>>): boolean =>
  typeof (fields["message"] ?? "") === "object" || answerKeys.some((key) => isSomething(fields[key]));

const isSomething = (value: unknown): boolean =>
  typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
