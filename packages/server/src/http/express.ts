import type { Request, RequestHandler } from "express";
import type { EndpointHandler, EndpointRequest } from "./endpoint.js";

/** A request as Express hands it to a middleware. */
export type ExpressRequest = Request;

/** An endpoint, to be mounted by `app.use("/path", …)`. */
export type Middleware = RequestHandler;

/** An endpoint as a middleware of Express. The only file that names Express, and only its types. */
export function toExpress(handler: EndpointHandler): Middleware {
  return (req, res) => {
    void handler(req as unknown as EndpointRequest, res);
  };
}
