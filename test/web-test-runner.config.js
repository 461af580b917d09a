import { fileURLToPath } from "node:url";
import { esbuildPlugin } from "@web/dev-server-esbuild";
import { defaultReporter } from "@web/test-runner";
import { runnerImport } from "vite";
import { forcedColorsPlugin } from "./support/forced-colors-plugin.js";
import { summaryReporter } from "./support/summary-reporter.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** As in vitest.config.ts: tests run on the sources. */
const conditions = ["ai-progress-stream-source", "import", "default"];

const load = async (path) => {
  const { module } = await runnerImport(here(path), {
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: [...conditions, "node"] },
    ssr: { resolve: { conditions: [...conditions, "node"] } },
  });
  return module;
};
const { createBackend } = await load("./element/backend/app.ts");
const { findEngines } = await load("./support/engines.ts");
const { freePort } = await load("./support/free-port.ts");
const app = createBackend();
const { found, missing } = await findEngines();

/** Hands `/api/*` to Express, so that the tests and their server share an origin. */
async function toExpress(context, next) {
  if (!context.path.startsWith("/api/")) return next();
  context.respond = false;
  context.res.statusCode = 200; // Koa starts from 404
  await new Promise((resolve) => {
    context.res.on("close", resolve);
    app(context.req, context.res);
  });
}

export default {
  rootDir: here(".."),
  // Its own search gives two runs that begin at once the same one.
  port: await freePort(),
  files: [here("./element/**/*.test.ts")],
  nodeResolve: { exportConditions: conditions, browser: true },
  middleware: [toExpress],
  plugins: [esbuildPlugin({ ts: true, target: "es2022" }), forcedColorsPlugin()],
  browsers: found,
  concurrency: 2,
  // What the element itself warns of is expected in tests that provoke it.
  filterBrowserLogs: ({ args }) => !String(args[0]).startsWith("ai-progress-stream:"),
  reporters: [defaultReporter(), summaryReporter(missing)],
  testsStartTimeout: 120_000,
  testsFinishTimeout: 300_000,
  testFramework: { config: { ui: "bdd", timeout: 60_000 } },
};
