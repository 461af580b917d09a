import type { InputIssue } from "@ai-progress-stream/protocol";
import type { ChatMessage, ModelRequest } from "./provider.js";

/** What a relay lets a client decide, and within which bounds. */
export interface ChatRules {
  /** What stands behind the names a client may ask for. `default` is taken where none is named. */
  readonly models: Readonly<Record<string, string | { readonly model: string }>>;
  /** The system message; a client cannot send one. */
  readonly instructions?: string | undefined;
  /** Answers longer than this cannot be asked for, in tokens. Also what is asked for where a client names none. */
  readonly maxOutputTokens?: number | undefined;
  /** @defaultValue the provider's */
  readonly temperature?: number | undefined;
  /** @defaultValue 100 */
  readonly maxMessages: number;
}

export type ChatInput =
  | { readonly request: ModelRequest /** The name that was asked for. */; readonly alias: string }
  | { readonly issues: readonly InputIssue[] };

/**
 * A client's body as a request to a model. Built field by field: what is not listed here, or is nested where a
 * string is expected, cannot reach the provider.
 */
export function readChatInput(body: unknown, rules: ChatRules): ChatInput {
  const issues: InputIssue[] = [];
  const fields: Record<string, unknown> = isObject(body) ? body : {};
  if (!isObject(body)) issues.push({ message: 'Send a JSON object such as {"prompt": "…"}.' });
  const messages = readMessages(fields, rules, issues);
  const alias = readAlias(fields["model"], rules, issues);
  const temperature = readNumber(fields, "temperature", 0, 2, issues) ?? rules.temperature;
  // Also by the name that every client of Chat Completions knows.
  const lengthField = fields["maxOutputTokens"] === undefined ? "max_tokens" : "maxOutputTokens";
  const wanted = readNumber(fields, lengthField, 1, Number.MAX_SAFE_INTEGER, issues);
  const maxOutputTokens = least(wanted, rules.maxOutputTokens);
  if (issues.length > 0) return { issues };
  const instructions: ChatMessage[] = rules.instructions
    ? [{ role: "system", content: rules.instructions }]
    : [];
  const choice = rules.models[alias] ?? "";
  return {
    alias,
    request: {
      model: typeof choice === "string" ? choice : choice.model,
      messages: [...instructions, ...messages],
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxOutputTokens === undefined ? {} : { maxOutputTokens: Math.floor(maxOutputTokens) }),
    },
  };
}

function readMessages(
  fields: Record<string, unknown>,
  { maxMessages }: ChatRules,
  issues: InputIssue[],
): ChatMessage[] {
  const { prompt, messages } = fields;
  if (messages === undefined) {
    if (typeof prompt === "string" && prompt.trim() !== "") return [{ role: "user", content: prompt }];
    issues.push({ path: ["prompt"], message: "Please enter a prompt." });
    return [];
  }
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > maxMessages) {
    issues.push({ path: ["messages"], message: `Send 1 to ${maxMessages} messages.` });
    return [];
  }
  const read: ChatMessage[] = [];
  messages.forEach((message: unknown, index) => {
    const { role, content } = isObject(message) ? message : {};
    if (role !== "user" && role !== "assistant") {
      issues.push({ path: ["messages", index, "role"], message: 'The role must be "user" or "assistant".' });
    } else if (typeof content !== "string" || content === "") {
      issues.push({ path: ["messages", index, "content"], message: "The content must be a text." });
    } else {
      read.push({ role, content });
    }
  });
  return read;
}

function readAlias(name: unknown, { models }: ChatRules, issues: InputIssue[]): string {
  const alias = name === undefined || name === "" ? "default" : name;
  if (typeof alias === "string" && Object.hasOwn(models, alias)) return alias;
  issues.push({ path: ["model"], message: `The model must be one of: ${Object.keys(models).join(", ")}.` });
  return "";
}

function readNumber(
  fields: Record<string, unknown>,
  name: string,
  min: number,
  max: number,
  issues: InputIssue[],
): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === "") return undefined;
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return Math.min(max, Math.max(min, number));
  issues.push({ path: [name], message: `${name} must be a number.` });
  return undefined;
}

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
