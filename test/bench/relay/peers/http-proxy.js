/* http-proxy-middleware: bytes in, bytes out, and nothing known of what they say. */
import { Agent, createServer } from "node:http";
import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";
import { serve } from "../measure.js";

const app = express();
app.use(createProxyMiddleware({ target: process.env.UPSTREAM, agent: new Agent({ keepAlive: true }) }));
serve(createServer, app);
