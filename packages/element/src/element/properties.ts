import type { DialectName } from "@ai-progress-stream/protocol/dialects";
import type { PropertyDeclaration, PropertyDeclarations } from "lit";
import { jsonConverter, parseJson } from "./json-converter.js";

/** The language of a server: told from its answer, our own, or one of others. */
export type ElementDialect = "auto" | "run" | DialectName;

/**
 * What every property is until it is set, and again when its attribute is removed or it is set to null or undefined;
 * its type tells how its attribute is read.
 */
export const defaults: Readonly<Record<string, string | boolean | null>> = {
  action: "",
  method: "POST",
  dialect: "auto",
  htmlFor: "",
  body: null,
  headers: null,
  credentials: "same-origin",
  autostart: false,
  persist: "",
  runId: "",
  cancelUrl: "",
  resumeUrl: "",
  maxRetries: null,
  idleTimeout: null,
  totalTimeout: null,
  stages: null,
  stagesView: "auto",
  format: "text",
  allowedLinkSchemes: "http https mailto",
  allowedImageOrigins: "",
  autoscroll: "on",
  announce: "milestones",
  show: "elapsed tokens cost",
  currency: "USD",
  label: "",
  labels: null,
  name: "",
};

const declared: PropertyDeclarations = {
  htmlFor: { attribute: "for" },
  headers: { attribute: false },
  maxRetries: { attribute: "max-retries", type: Number },
  idleTimeout: { attribute: "idle-timeout", type: Number },
  totalTimeout: { attribute: "total-timeout", type: Number },
  // What a form sends goes by the attribute.
  name: { attribute: "name", reflect: true, converter: { toAttribute: (name) => name || null } },
};

const declare = (name: string): PropertyDeclaration => ({
  attribute: name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  ...(defaults[name] === null ? { converter: jsonConverter(name) } : {}),
  ...(defaults[name] === false ? { type: Boolean } : {}),
});

/** Attributes are the properties' names in kebab case; where one is null at first, it holds JSON. */
export const properties: PropertyDeclarations = Object.fromEntries(
  Object.keys(defaults).map((name) => [name, declared[name] ?? declare(name)]),
);

/** Gives a prototype an accessor for each property, for Lit to wrap: what it is set to is settled before Lit sees it. */
export function defineAccessors(prototype: object): void {
  for (const name of Object.keys(defaults)) {
    const key = Symbol(name);
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: true,
      get(this: Record<symbol, unknown>) {
        return this[key];
      },
      set(this: Record<symbol, unknown>, value: unknown) {
        this[key] = settledValue(name, value);
      },
    });
  }
}

/** Nothing, and no number, is the default; what is text at first is text. */
function settledValue(name: string, value: unknown): unknown {
  const fallback = defaults[name];
  if (value === undefined || value === null || Number.isNaN(value)) return fallback;
  if (typeof fallback === "string") return String(value);
  // React sets an attribute, and so text, on an element that is not yet defined; others set text as a property.
  return name === "stages" || name === "labels" ? parseJson(value, name) : value;
}
