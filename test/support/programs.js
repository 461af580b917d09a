import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * The first of these programs that can be run.
 *
 * @param {readonly string[]} commands names to look for on PATH, best first
 * @param {readonly string[]} places paths to look at after that
 * @returns {string | undefined}
 */
export function findProgram(commands, places = []) {
  const directories = (process.env.PATH ?? "").split(delimiter).filter((directory) => directory !== "");
  const candidates = commands.flatMap((command) => directories.map((directory) => join(directory, command)));
  return [...candidates, ...places].find(isExecutable);
}

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
