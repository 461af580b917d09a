import type { RequestHandler } from "express";
import type { EndpointHandler, EndpointRequest } from "./endpoint.js";

/** An endpoint as a middleware of Express, for `app.use("/path", …)`. The only file that names Express. */
export function toExpress(handler: EndpointHandler): RequestHandler {
  return (req, res) => {
    void handler(req as unknown as EndpointRequest, res);
  };
}

/** An endpoint, mounted by `app.use("/path", …)`. */
export type { Request as ExpressRequest, RequestHandler } from "express";
