import { parseBaseUrl } from "./base-url.js";
import type { CallOptions } from "./provider.js";

/** What all built-in providers take. */
export interface ServiceOptions {
  /** The service's base URL. Fixed when the provider is made. */
  readonly baseURL?: string | undefined;
  /** Never leaves the server. White space around it is dropped. Absent: none is sent. */
  readonly apiKey?: string | undefined;
  /** Further headers, such as an organisation's. They count as secrets in logs. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further query parameters. They count as secrets in logs. */
  readonly query?: Readonly<Record<string, string>>;
  /** Further fields of each request's body; those that the relay sends itself win. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** What tokens cost there, or that by the name of the model. */
  readonly pricing?: CallOptions["pricing"];
}

/** What a provider knows of its service. */
export interface ServiceFacts {
  readonly defaultBaseURL: string;
  readonly path: string;
  /** Which header carries the key. `authorization`: as a bearer. */
  readonly keyHeader: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** One pair of origin and key that nothing can part or change. */
export interface Service {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  /** What `body` held. */
  readonly extras: Readonly<Record<string, unknown>>;
}

/** A shorter value is a word such as "true", and taking it out of a log would only garble the log. */
const MIN_SECRET_CHARS = 8;
const MIN_SECRET_SEGMENT_CHARS = 16;

/**
 * Freezes origin, key and headers.
 * @throws TypeError if the base URL, the key or a header is not what one can be; it quotes none of them
 */
export function freezeService(options: ServiceOptions, facts: ServiceFacts): Service {
  const { baseURL, query = {}, body = {} } = options;
  const apiKey = readKey(options.apiKey);
  const own = lowerCased(options.headers);
  const { keyHeader } = facts;
  const url = parseBaseUrl(baseURL, facts.defaultBaseURL, facts.path, { ...facts.query, ...query });
  const key = apiKey ? { [keyHeader]: keyHeader === "authorization" ? `Bearer ${apiKey}` : apiKey } : {};
  return Object.freeze({
    url,
    headers: Object.freeze({ ...facts.headers, ...own, ...key }),
    secrets: Object.freeze([
      ...(apiKey ? [apiKey] : []),
      ...secretValues(own),
      ...secretValues(query),
      ...new URL(url).pathname.split("/").filter(({ length }) => length >= MIN_SECRET_SEGMENT_CHARS),
    ]),
    extras: Object.freeze(structuredClone(body)),
  });
}

/** The values of headers or parameters that may hold a key. */
export const secretValues = (values: Readonly<Record<string, string>>): string[] =>
  Object.values(values).flatMap((value) => {
    const bare = value.replace(/^(Bearer|Basic)\s+/i, "");
    return bare.length >= MIN_SECRET_CHARS ? [bare] : [];
  });

/**
 * Headers by their lower-case names, so that none stands twice.
 * @throws TypeError for a name or value that no header can have
 */
export function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
        return [name.toLowerCase(), value];
      }
      throw new TypeError(`The header ${JSON.stringify(name)} has a name or value that no header can have.`);
    }),
  );
}

function readKey(apiKey: string | undefined): string {
  const key = apiKey?.trim() ?? "";
  if (/^[\x21-\x7e]*$/.test(key)) return key;
  throw new TypeError(
    "apiKey holds a space, a line break or a letter that no key has. Check where it is set.",
  );
}
