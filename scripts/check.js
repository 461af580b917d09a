/* All that must hold before a change is merged: lint, types and builds, sizes, tests (the layer rules among them). */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const steps = [
  ["biome", ["check", "."]],
  ["node", ["scripts/build.js"]],
  ["tsc", ["-b", "test"]],
  ["node", ["scripts/sizes.js"]],
  ["node", ["test/run.js"]],
];
for (const [command, args] of steps) {
  console.log(`\n> ${command} ${args.join(" ")}`);
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
}
