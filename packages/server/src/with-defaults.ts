/** What is given, and the defaults for the rest. A name that is there and undefined, as from `process.env`, is not given. */
export function withDefaults<D extends object, G extends object>(
  defaults: D,
  given: G | undefined,
): D & { [K in keyof G]: K extends keyof D ? Exclude<G[K], undefined> : G[K] } {
  const entries = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(entries) } as never;
}
