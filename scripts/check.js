/*
 * All that must hold before a change is merged: lint, builds, what is told of the element, types, sizes,
 * packages as others find them, tests (the layer rules among them).
 */
import { runTool } from "./tools.js";

const steps = [
  ["biome", ["check", "."]],
  ["node", ["scripts/build.js"]],
  ["node", ["scripts/docs.js", "--check"]],
  ["tsc", ["-b", "test", "demo/examples"]],
  ["node", ["scripts/sizes.js"]],
  ...["protocol", "server", "element"].flatMap((name) => [
    ["publint", [`packages/${name}`, "--strict"]],
    ["attw", ["--pack", `packages/${name}`, "--profile", "esm-only", "--format", "ascii"]],
  ]),
  ["node", ["test/run.js"]],
];
for (const [command, args] of steps) {
  console.log(`\n> ${command} ${args.join(" ")}`);
  const status = runTool(command, args);
  if (status !== 0) process.exit(status);
}
