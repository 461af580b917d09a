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
  const text = base || fallback;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`baseURL is not an http(s) URL. Give one such as "${fallback}".`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError("baseURL holds a user name, a query or a fragment. Use apiKey and query for those.");
  }
  url.pathname = url.pathname.replace(/\/+$/, "") + path;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
