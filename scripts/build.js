/*
 * Builds what is there to build, in order: types and the server by tsc, the element and the demo's page by Vite.
 *
 *   node scripts/build.js               everything, from clean
 *   node scripts/build.js --server      only what tsc builds: enough for `npm start`, whose page Vite serves live
 *   node scripts/build.js --if-missing  nothing where a whole build is there
 */
import { existsSync, rmSync } from "node:fs";
import { root, runTool } from "./tools.js";

const outputs = ["packages/protocol/dist", "packages/server/dist", "packages/element/dist", "demo/dist"];
const results = [
  ...outputs,
  "packages/element/dist/ai-progress-stream.js",
  "packages/element/dist/split/ai-progress-stream.js",
  "demo/dist/page/index.html",
  "demo/dist/page/examples/index.html",
];

const options = new Set(process.argv.slice(2));
const isWhole = results.every((path) => existsSync(root + path));
if (!(options.has("--if-missing") && isWhole)) build();

function build() {
  if (options.has("--server")) {
    // tsc trusts its own notes on what it has built, so they go with what they are about.
    if (!outputs.every((path) => existsSync(root + path)))
      rmSync(`${root}.cache`, { recursive: true, force: true });
    run("tsc", ["-b", "packages/server", "packages/element", "demo"]);
    return;
  }
  for (const path of [...outputs, ".cache"]) rmSync(root + path, { recursive: true, force: true });
  run("tsc", ["-b", "packages/server", "packages/element", "demo"]);
  run("vite", ["build", "--logLevel", "warn"], "packages/element");
  for (const mode of ["standalone", "split"])
    run("vite", ["build", "--logLevel", "warn", "--mode", mode], "packages/element");
  run("vite", ["build", "--logLevel", "warn"], "demo/page");
  run("vite", ["build", "--logLevel", "warn"], "demo/examples");
}

function run(command, args, folder) {
  const status = runTool(command, args, { folder });
  if (status !== 0) process.exit(status);
}
