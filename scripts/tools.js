import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a tool of this repository, wherever npm or a person calls from. Gives its exit status. */
export function runTool(command, args, { folder = ".", env = {} } = {}) {
  const PATH = `${root}node_modules/.bin${delimiter}${process.env.PATH}`;
  const { status, error } = spawnSync(command, args, {
    cwd: root + folder,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: { ...process.env, PATH, ...env },
  });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}
