/* All that must hold before a change is merged: lint, types and builds, sizes, tests (the layer rules among them). */
import { runTool } from "./tools.js";

const steps = [
  ["biome", ["check", "."]],
  ["node", ["scripts/build.js"]],
  ["tsc", ["-b", "test"]],
  ["node", ["scripts/sizes.js"]],
  ["node", ["test/run.js"]],
];
for (const [command, args] of steps) {
  console.log(`\n> ${command} ${args.join(" ")}`);
  const status = runTool(command, args);
  if (status !== 0) process.exit(status);
}
