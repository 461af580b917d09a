/* Upstream, relay and viewers run in processes of their own, so that each one's processor time is its own. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const folder = new URL("../", import.meta.url);

/** Processes that end with what has started them. */
export function createProcesses() {
  const children = new Set();
  return {
    /** Starts a file of test/bench and waits for its first message. `REDIS_URL` is passed on only in `env`. */
    start(file, env = {}) {
      const child = fork(fileURLToPath(new URL(file, folder)), {
        env: { ...process.env, REDIS_URL: "", ...env },
        execArgv: ["--expose-gc"],
      });
      children.add(child);
      return new Promise((resolve, reject) => {
        child.once("message", (message) => resolve({ child, message }));
        child.once("exit", (code) => reject(new Error(`${file} ended with ${code}`)));
      });
    },
    stop() {
      for (const child of children) child.removeAllListeners("exit").kill("SIGKILL");
      children.clear();
    },
  };
}

/** What takes longer has got stuck. */
const LONGEST_MS = 90_000;

/** One question to a process, and its answer. */
export function ask(child, question) {
  return new Promise((resolve, reject) => {
    const what = child.spawnargs.at(-1);
    const onExit = (code) => reject(new Error(`${what} ended with ${code}`));
    const timer = setTimeout(() => reject(new Error(`${what} did not answer`)), LONGEST_MS);
    child.once("exit", onExit);
    child.once("message", (message) => {
      clearTimeout(timer);
      child.off("exit", onExit);
      resolve(message);
    });
    child.send(question, (error) => {
      if (error) reject(error);
    });
  });
}
