import type { InputIssue } from "@ai-progress-stream/protocol";
import { Problem } from "./problem.js";

/** A validator by the Standard Schema interface, version 1 (standardschema.dev): zod, valibot, arktype, … */
export interface InputSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The input as the schema gives it.
 * @throws Problem 422 with the schema's issues
 */
export async function validateInput<Output>(schema: InputSchema<Output>, value: unknown): Promise<Output> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw invalidInput(result.issues.map(toIssue));
}

/** 422, with what is wrong, field by field. */
export function invalidInput(issues: readonly InputIssue[]): Problem {
  const [first] = issues;
  const field = first?.path?.length ? `${first.path.join(".")}: ` : "";
  return new Problem("invalid_input", {
    status: 422,
    issues,
    detail: first ? `The input is not valid. ${field}${first.message}` : "The input is not valid.",
  });
}

function toIssue({ message: said, path }: SchemaIssue): InputIssue {
  const message = String(said);
  if (!path) return { message };
  const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment));
  return { message, path: keys.map((key) => (typeof key === "number" ? key : String(key))) };
}
