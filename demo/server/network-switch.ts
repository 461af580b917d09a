import { randomUUID } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";

/** The demo's switch that pulls the network: of one browser only, told apart by a cookie. */
export interface NetworkSwitch {
  /** Gives a browser its cookie with the page, so that it has one before it asks for anything. */
  readonly welcome: RequestHandler;
  /** Cuts what goes to a browser that is offline; before the endpoints. */
  readonly guard: RequestHandler;
  /** `POST {"online": false}` cuts every open response of this browser and refuses new ones; true mends it. */
  readonly control: RequestHandler;
}

const COOKIE = "demo-viewer";

export function createNetworkSwitch(): NetworkSwitch {
  const offline = new Set<string>();
  const open = new Map<string, Set<Response>>();

  return {
    welcome(req, res, next) {
      if (viewerOf(req) === null && req.headers.accept?.includes("text/html")) setCookie(res, randomUUID());
      next();
    },
    guard(req, res, next) {
      const viewer = viewerOf(req);
      if (viewer === null) {
        next();
        return;
      }
      if (offline.has(viewer)) {
        req.socket.destroy();
        return;
      }
      const responses = open.get(viewer) ?? new Set();
      open.set(viewer, responses.add(res));
      res.on("close", () => {
        responses.delete(res);
        if (responses.size === 0 && open.get(viewer) === responses) open.delete(viewer);
      });
      next();
    },
    control(req, res) {
      const known = viewerOf(req);
      const viewer = known ?? randomUUID();
      if (known === null) setCookie(res, viewer);
      if (req.body?.online === false) {
        offline.add(viewer);
        for (const response of open.get(viewer) ?? []) response.socket?.destroy();
      } else {
        offline.delete(viewer);
      }
      res.json({ online: !offline.has(viewer) });
    },
  };
}

function setCookie(res: Response, viewer: string): void {
  res.cookie(COOKIE, viewer, { httpOnly: true, sameSite: "strict" });
}

function viewerOf(req: Request): string | null {
  return /(?:^|;\s*)demo-viewer=([\w-]{36})(?:;|$)/.exec(req.headers.cookie ?? "")?.[1] ?? null;
}
