const { REDIS_URL = "redis://localhost:6379", RUN_SECRET, PORT = "3000" } = process.env;

if (!RUN_SECRET) {
  console.error(
    "Set RUN_SECRET to the same 16 characters or more for every process: openssl rand -base64 32",
  );
  process.exit(1);
}

export const port = Number(PORT);
export const redis = { url: REDIS_URL, secret: RUN_SECRET };

export const QUEUE = "proofread";

/** Where BullMQ is to look. A queue that is away fails at once: its run is then told, and nobody waits for it. */
export const producerConnection = { url: REDIS_URL, enableOfflineQueue: false, maxRetriesPerRequest: 1 };
/** BullMQ asks for this of a consumer's connection: it waits for jobs for as long as it takes. */
export const consumerConnection = { url: REDIS_URL, maxRetriesPerRequest: null };
