/* What the bench compares with is installed by the bench alone, from a lockfile of its own. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Installs the peers of a folder of test/bench, where they are missing or their lockfile has changed.
 *
 * @returns {boolean} whether they are there
 */
export function installPeers(folder) {
  const path = fileURLToPath(new URL(`../${folder}/`, import.meta.url));
  const stamp = `${path}node_modules/.installed-lockfile`;
  const lockfile = readFileSync(`${path}package-lock.json`, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lockfile) return true;
  console.log(`installing the peers of test/bench/${folder} (npm ci) …`);
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: path,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.log(`  failed: the peers of test/bench/${folder} are left out`);
    return false;
  }
  writeFileSync(stamp, lockfile);
  return true;
}
