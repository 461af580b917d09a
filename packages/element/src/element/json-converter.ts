import type { ComplexAttributeConverter } from "lit";

/** Reads JSON from an attribute, or from a property that a framework has set as text. Warns, and gives null. */
export function parseJson(value: unknown, name: string): unknown {
  if (typeof value !== "string") return value ?? null;
  try {
    return JSON.parse(value);
  } catch {
    const hint =
      value === "[object Object]"
        ? "an object was turned into text: set the property, or the attribute to JSON"
        : "it is not JSON";
    console.warn(`<ai-progress-stream> ignores ${name}="${value}": ${hint}.`);
    return null;
  }
}

export const jsonConverter = (name: string): ComplexAttributeConverter => ({
  fromAttribute: (value) => parseJson(value, name),
  toAttribute: (value) => (value === null ? null : JSON.stringify(value)),
});
