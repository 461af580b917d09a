/** A JSON object from outside, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

const NO_FIELDS: Fields = {};
const NO_ITEMS: readonly unknown[] = [];

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value as an object, an array, a string or a number; empty (a number: undefined) where it is none. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : NO_FIELDS);
export const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : NO_ITEMS);
export const stringOf = (value: unknown): string => (typeof value === "string" ? value : "");
export const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

/** A number that counts something: never negative. */
export const countOf = (value: unknown): number | undefined => {
  const count = numberOf(value);
  return count !== undefined && count >= 0 ? count : undefined;
};

/** What a table holds under a name from outside; never what every object inherits. */
export const entryOf = <T>(table: Readonly<Record<string, T>>, name: unknown): T | undefined =>
  typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;

/** The first that is a string and not empty. */
export const firstString = (...values: readonly unknown[]): string =>
  stringOf(values.find((value) => typeof value === "string" && value !== ""));

/** The JSON that a text holds; undefined where it holds none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A copy without the fields that are undefined, for types that know "absent" and not "undefined". */
export function defined<T extends object>(
  fields: {
    readonly [K in keyof T]: T[K] | undefined;
  },
): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
