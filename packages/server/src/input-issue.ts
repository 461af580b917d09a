/** One thing that is wrong with an input, as a Standard Schema reports it. */
export interface InputIssue {
  readonly message: string;
  /** Where, from the outside in: `["messages", 0, "role"]`. Absent: the whole input. */
  readonly path?: readonly (string | number)[];
}
