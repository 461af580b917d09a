import type { Request, RequestHandler } from "express";
import type { EndpointHandler, EndpointRequest } from "./endpoint.js";

/** A request as Express hands it to a middleware. */
export type ExpressRequest = Request;

/** An endpoint, to be mounted by `app.use("/path", …)`: as a route it would get the POST alone. */
export type Middleware = RequestHandler;

/** An endpoint as a middleware of Express. The only file that names Express, and only its types. */
export function toExpress(handler: EndpointHandler): Middleware {
  const middleware: Middleware = (req, res, next) => {
    // Of a route that was passed by on the way here, its name stays on the request; its handlers are others.
    const isRoute = req.route?.stack?.some((layer: { handle?: unknown }) => layer.handle === middleware);
    if (isRoute) next(new TypeError(WRONG_MOUNT));
    else void handler(req as unknown as EndpointRequest, res);
  };
  return middleware;
}

const WRONG_MOUNT =
  "progress.relay(), task() and proxy() answer GET {path}/{run} and POST {path}/{run}/cancel as well. " +
  "Mount them by app.use(path, …), not by app.post(path, …).";
