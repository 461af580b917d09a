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

/**
 * The page from its sources, by Vite: a change shows at once, told over the demo's own port. The examples come when
 * they are first asked for.
 */
export async function livePages(server: Server): Promise<Page> {
  const { createServer } = await import("vite");
  const serve = (folder: string) =>
    createServer({
      root: `${demoFolder}/${folder}`,
      server: { middlewareMode: true, hmr: { server } },
      appType: "mpa",
    });
  const page = await serve("page");
  let examples: ReturnType<typeof serve> | null = null;
  return {
    handler: async (req, res, next) => {
      if (!req.url.startsWith("/examples/")) return page.middlewares(req, res, next);
      examples ??= serve("examples");
      (await examples).middlewares(req, res, next);
    },
    close: async () => {
      await page.close();
      await (await examples)?.close();
    },
  };
}
