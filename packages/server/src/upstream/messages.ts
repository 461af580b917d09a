import type { ChatMessage } from "./provider.js";

/** The system messages as one text, for services that take them apart from the conversation. */
export const instructionsOf = (messages: readonly ChatMessage[]): string =>
  messages
    .filter(({ role }) => role === "system")
    .map(({ content }) => content)
    .join("\n\n");

/** All other messages. */
export const conversationOf = (messages: readonly ChatMessage[]): readonly ChatMessage[] =>
  messages.filter(({ role }) => role !== "system");
