import type { AiProgressStream } from "@ai-progress-stream/element";
import { runError } from "@ai-progress-stream/protocol";
import type { FakeEvent, FakeSession } from "./fake-session.js";

/** One state of the element, as a picture: what it is given, and what its session does. */
export interface Scene {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly content?: string;
  /** Absent: nothing is started. `at` is when the picture is taken (epoch ms). */
  readonly play?: (session: FakeSession, at: number, element: AiProgressStream) => void;
}

export const PLAN = [
  { id: "upload", label: "Upload", weight: 10 },
  { id: "extract", label: "Extract text", weight: 20 },
  { id: "analyse", label: "Analyse clauses", weight: 30 },
  { id: "write", label: "Write summary", weight: 40 },
] as const;

export const PARTIAL =
  "Termination and liability\n\nEither party may terminate on 60 days’ written notice. Liability is capped at fees paid in the preceding 12 months, except for breaches of §9.2 and indemnified claims, which remain";
const WHOLE = `${PARTIAL} uncapped.\n\nNotices must be given in writing and take effect on receipt.`;

const MARKDOWN = `### Termination and liability

Either party may terminate on **60 days’ written notice**. Liability is capped at fees paid in the preceding 12 months, except for breaches of \`§9.2\` and *indemnified* claims; see [the policy](https://example.com/policy).

1. Notices in writing
   - by letter
   - by e-mail, if ~~agreed~~ confirmed
2. Cure period of 30 days

- [x] Liability reviewed
- [ ] Signature pending

> “Fees” means fees actually paid.

| Clause | Risk | Cap |
|---|---|---:|
| 9.2 Data | high | none |
| 11 Delay | low | 10 % of fees |

\`\`\`ts
const cap = fees.filter(({ paid }) => paid).reduce((sum, { amount }) => sum + amount, 0); // twelve months
if (claim > cap) throw new RangeError("over the cap");
\`\`\`

![The signed page](https://images.example/signed.png)

---

#### What to do next

Ask for a carve-out of`;

/** As far as the third of four stages. */
function analysing(at: number): readonly FakeEvent[] {
  const start = at - 11_300;
  return [
    { type: "start", at: start, stages: PLAN },
    { type: "stage", at: start, stage: "upload", status: "running" },
    { type: "stage", at: start + 800, stage: "upload", status: "done" },
    { type: "stage", at: start + 800, stage: "extract", status: "running" },
    { type: "stage", at: start + 3_900, stage: "extract", status: "done" },
    { type: "stage", at: start + 3_900, stage: "analyse", status: "running" },
    {
      type: "progress",
      at,
      stage: "analyse",
      completed: 9,
      total: 14,
      message: "Reading 14 clauses",
    },
  ];
}
function writing(at: number, text = PARTIAL): readonly FakeEvent[] {
  return [
    ...analysing(at - 6_000),
    { type: "stage", at: at - 6_000, stage: "analyse", status: "done" },
    { type: "stage", at: at - 6_000, stage: "write", status: "running", message: "Writing summary" },
    { type: "progress", at: at - 5_000, stage: "write", fraction: 0.45 },
    { type: "text", at: at - 100, delta: text },
    { type: "usage", at, outputTokens: 412 },
  ];
}
const rateLimited = runError("rate_limited", { requestId: "req_8fK2", retryAfterMs: 20_000 });

export const scenes: readonly Scene[] = [
  { name: "idle", content: '<span slot="hint">Usually takes about 20 s</span>' },
  { name: "idle with a plan", attributes: { stages: JSON.stringify(PLAN) } },
  { name: "idle behind a form", attributes: { for: "some-form" } },
  { name: "connecting", play: () => {} },
  { name: "waiting for the first word", play: (session) => session.emit() },
  { name: "running", play: (session, at) => session.emit(...analysing(at)) },
  { name: "streaming", play: (session, at) => session.emit(...writing(at)) },
  {
    name: "streaming without stages, with reasoning",
    play: (session, at) =>
      session.emit(
        { type: "start", at: at - 3_000 },
        { type: "text", at: at - 2_000, channel: "reasoning", delta: "The user asks about clause 9." },
        { type: "text", at, delta: "Clause 9 limits liability to" },
      ),
  },
  {
    name: "streaming with a list",
    attributes: { "stages-view": "list" },
    play: (session, at) => session.emit(...writing(at)),
  },
  {
    name: "reconnecting",
    play(session, at) {
      session.emit(...writing(at));
      session.set({
        phase: "reconnecting",
        lostAt: at - 2_000,
        retry: { attempt: 2, maxRetries: 5, dueAt: at + 3_000 },
      });
    },
  },
  {
    name: "cancelling",
    play(session, at) {
      session.emit(...writing(at));
      session.set({ phase: "cancelling" });
    },
  },
  {
    name: "done",
    play: (session, at) =>
      session.emit(
        ...writing(at - 4_100, WHOLE),
        {
          type: "usage",
          at,
          inputTokens: 792,
          outputTokens: 412,
          cost: { amount: 0.0041, currency: "USD" },
        },
        { type: "end", at, status: "succeeded" },
      ),
  },
  {
    name: "error",
    play: (session, at) =>
      session.emit(...analysing(at), { type: "end", at, status: "failed", error: rateLimited }),
  },
  {
    name: "error with text kept",
    play: (session, at) =>
      session.emit(...writing(at), {
        type: "end",
        at,
        status: "failed",
        error: runError("upstream_truncated", { requestId: "req_8fK2" }),
      }),
  },
  {
    name: "error without retry",
    play: (session) => session.set({ phase: "ended", error: runError("unauthorized") }),
  },
  {
    name: "connection given up",
    play(session, at) {
      session.emit(...writing(at));
      session.set({
        phase: "ended",
        error: runError("upstream_unavailable", { message: "The server cannot be reached." }),
        isResumable: true,
      });
    },
  },
  {
    name: "cancelled",
    play: (session, at) =>
      session.emit(...writing(at), { type: "end", at, status: "cancelled", reason: "user" }),
  },
  {
    name: "cancelled by the server",
    play: (session, at) =>
      session.emit(...analysing(at), { type: "end", at, status: "cancelled", reason: "shutdown" }),
  },
  {
    name: "streaming Markdown",
    attributes: { format: "markdown" },
    play: (session, at) => session.emit(...writing(at, MARKDOWN)),
  },
  {
    name: "done with Markdown",
    attributes: { format: "markdown" },
    play: (session, at) =>
      session.emit(...writing(at, `${MARKDOWN} §9.2.`), { type: "end", at, status: "succeeded" }),
  },
];

/** The scene of that name. */
export function sceneOf(name: string): Scene {
  const found = scenes.find((scene) => scene.name === name);
  if (!found) throw new Error(`There is no scene "${name}".`);
  return found;
}
