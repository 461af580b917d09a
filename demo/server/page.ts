import { existsSync } from "node:fs";
import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import express, { type RequestHandler } from "express";

const demoFolder = fileURLToPath(new URL("../..", import.meta.url));
const builtPage = fileURLToPath(new URL("../page", import.meta.url));

export interface Page {
  readonly handler: RequestHandler;
  close(): Promise<void>;
}

/**
 * The page as `npm run build` has made it.
 * @throws Error if it has not been built
 */
export function builtPages(): Page {
  if (!existsSync(`${builtPage}/index.html`)) throw new Error("The page is not built. Run: npm run build");
  return { handler: express.static(builtPage), close: async () => {} };
}

/** The page from its sources, by Vite: a change shows at once, told over the demo's own port. */
export async function livePages(server: Server): Promise<Page> {
  const { createServer } = await import("vite");
  const vite = await createServer({
    root: `${demoFolder}/page`,
    server: { middlewareMode: true, hmr: { server } },
    appType: "mpa",
  });
  return { handler: vite.middlewares, close: () => vite.close() };
}
