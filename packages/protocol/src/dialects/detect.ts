import { openaiChatDialect } from "./openai-chat.js";
/** Every dialect by its name. */
export const dialects: Record<string, import("./dialect.js").Dialect> = { "openai-chat": openaiChatDialect };
