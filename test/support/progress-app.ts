import {
  createProgressServer,
  type ProgressServer,
  type ProgressServerOptions,
} from "@ai-progress-stream/server";
import express, { type Express } from "express";
import { onTestFinished } from "vitest";
import { listenOn } from "./listen.js";

export interface ProgressApp {
  readonly origin: string;
  readonly progress: ProgressServer;
  readonly app: Express;
  /** What was logged, oldest first. */
  readonly logged: { level: string; fields: Record<string, unknown>; message: string | undefined }[];
}

/** A real Express app on loopback around a progress server, both gone when the test is over. */
export async function progressApp(
  mount: (app: Express, progress: ProgressServer) => void,
  options: ProgressServerOptions = {},
): Promise<ProgressApp> {
  const logged: ProgressApp["logged"] = [];
  const log = (level: string) => (fields: object, message?: string) => {
    logged.push({ level, fields: fields as Record<string, unknown>, message });
  };
  const logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  const progress = createProgressServer({ logger, ...options });
  const app = express();
  mount(app, progress);
  onTestFinished(() => progress.close({ drainMs: 0 }));
  const { origin } = await listenOn(app);
  return { origin, progress, app, logged };
}
