import type { ProgressServerOptions, TaskOptions } from "@ai-progress-stream/server";
import { gate } from "./gate.js";
import { type ProgressApp, progressApp } from "./progress-app.js";
import { callSse, type SseAnswer, type SseCall } from "./sse-client.js";

export type TaskRun = TaskOptions["run"];

/** An app with one job, mounted at `/task`. */
export const taskApp = (
  run: TaskRun,
  options: ProgressServerOptions = {},
): Promise<ProgressApp & { readonly url: string }> =>
  progressApp((app, progress) => void app.use("/task", progress.task({ run })), options).then((app) => ({
    ...app,
    url: `${app.origin}/task`,
  }));

/** A job that does nothing until it is cancelled. */
export const untilCancelled: TaskRun = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

/** Starts a run by POST; resolves when `open` is there, with the run's id and the answer still to come. */
export async function openRun(
  url: string,
  call: SseCall = {},
): Promise<{ run: string; runUrl: string; answer: Promise<SseAnswer> }> {
  const opened = gate<string>();
  const answer = callSse(url, {
    body: {},
    ...call,
    until: (event, seq) => {
      if (event.type === "open") opened.open(event.run);
      return call.until?.(event, seq) ?? false;
    },
  });
  const run = await opened.opened;
  return { run, runUrl: `${url}/${run}`, answer };
}
