import type { ProgressAmount } from "@ai-progress-stream/protocol";
import { checkBound } from "../numbers.js";
import type { AnswerOptions } from "./provider.js";

/** A bar by the usual length of an answer. It is told to be an estimate, and never comes to its end. */
export interface Estimate {
  /** So much text has come. */
  text(chars: number): void;
  /** So many tokens were really counted. */
  tokens(count: number): void;
  /** The answer is there: takes the message back. */
  close(): void;
}

const MAX_FRACTION = 0.95;
/** Smaller steps than this are not told. */
const STEP = 0.01;
/** Of English; only until the provider counts. */
const CHARS_PER_TOKEN = 4;

/** Null where nothing was said to expect. */
export function createEstimate(
  { expectedTokens, estimateMessage = "Estimated by the usual length" }: AnswerOptions,
  tell: (amount: ProgressAmount) => void,
): Estimate | null {
  checkBound("expectedTokens", expectedTokens);
  if (!expectedTokens) return null;
  let chars = 0;
  let counted = 0;
  let told = 0;

  function update(): void {
    const tokens = Math.max(counted, chars / CHARS_PER_TOKEN);
    const fraction = Math.min(MAX_FRACTION, tokens / (expectedTokens ?? Infinity));
    if (fraction - told < STEP) return;
    tell({ fraction: Number(fraction.toFixed(4)), ...(told === 0 ? { message: estimateMessage } : {}) });
    told = fraction;
  }

  return {
    text(more) {
      chars += more;
      update();
    },
    tokens(count) {
      counted = Math.max(counted, count);
      update();
    },
    close() {
      if (told > 0) tell({ message: "" });
    },
  };
}
