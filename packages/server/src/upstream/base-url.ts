/**
 * The one URL that a provider asks, from its base.
 * @throws TypeError if the base is no http(s) URL, or holds a user name, a query or a fragment
 */
export function parseBaseUrl(
  base: string | undefined,
  fallback: string,
  path: string,
  query: Readonly<Record<string, string>> = {},
): string {
  const url = parseUrl("baseURL", base || fallback, fallback);
  if (url.search || url.hash) {
    throw new TypeError("baseURL holds a query or a fragment. Use the option query instead.");
  }
  url.pathname = url.pathname.replace(/\/+$/, "") + path;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/**
 * A URL that can be asked. The errors do not quote it: it may hold a key.
 * @throws TypeError if it is no http(s) URL, or holds a user name
 */
export function parseUrl(name: string, text: string, example = "https://service.example/api"): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`${name} is not an http(s) URL. Give one such as "${example}".`);
  }
  if (url.username || url.password) {
    throw new TypeError(`${name} holds a user name or a password. Use a key or a header instead.`);
  }
  return url;
}
