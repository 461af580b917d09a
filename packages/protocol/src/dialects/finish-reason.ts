import type { FinishReason } from "./dialect.js";

/** What the providers call it, lower case and with underscores. No word means two things. */
const reasons: Readonly<Record<Exclude<FinishReason, "other">, string>> = {
  stop: "stop end_turn stop_sequence complete completed",
  length: "length max_tokens max_output_tokens model_length model_context_window_exceeded",
  tool_calls: "tool_calls tool_call tool_use function_call",
  content_filter:
    "content_filter content_filtered refusal sensitive error_toxic guardrail_intervened safety recitation language " +
    "blocklist prohibited_content spii model_armor image_safety image_prohibited_content image_recitation",
  cancelled: "cancelled user_cancel",
};

const reasonOfWord = new Map(
  Object.entries(reasons).flatMap(([reason, words]) =>
    words.split(" ").map((word) => [word, reason as FinishReason] as const),
  ),
);

/** Why a model stopped, from any provider's word for it. */
export const finishReasonOf = (raw: string): FinishReason =>
  reasonOfWord.get(raw.toLowerCase().replaceAll("-", "_")) ?? "other";
