import { randomBytes } from "node:crypto";

/** Names a failure in the log and to the viewer. */
export const createRequestId = (): string => `req_${randomBytes(8).toString("hex")}`;
