import express, { type Express, type Request, type Response } from "express";
import { cancel, type Exchange, faults } from "./faults.js";
import { Room } from "./room.js";
import { samples } from "./samples.js";
import { tutorials } from "./tutorials.js";

/**
 * A scripted server: `/api/<fault>[-<count>]/<room>` is a mounted endpoint that misbehaves in the way it is
 * named by; `/api/tutorials/<name>/<room>` is a server as others write it, `/api/samples/<name>/<room>` one that
 * sends a few bytes in one of the languages of others. `/api/rooms/<room>` tells what it saw there.
 */
export function createBackend(): Express {
  const app = express();
  const rooms = new Map<string, Room>();
  const enter = (req: Request): Room => {
    const name = String(req.params["room"]);
    const room = rooms.get(name) ?? new Room();
    rooms.set(name, room);
    return room;
  };
  app.disable("x-powered-by");
  app.use(express.json());

  app.get("/api/rooms/:room", (req, res) => {
    const { calls, runs, open } = enter(req);
    res.json({ calls, open: open.size, runs: [...runs.values()] });
  });
  app.post("/api/rooms/:room/release", (req, res) => {
    const room = enter(req);
    room.isReleased = true;
    room.changed();
    res.sendStatus(204);
  });
  app.post("/api/rooms/:room/cut", (req, res) => {
    enter(req).cut();
    res.sendStatus(204);
  });

  app.all(["/api/samples/:name/:room", "/api/samples/:name/:room/:how"], (req, res) => {
    const room = enter(req);
    record(room, req, res);
    const sample = samples[String(req.params["name"])];
    if (!sample) return void res.status(404).end();
    const { how } = req.params;
    const body = Buffer.from(sample.body);
    res.status(200).set("Content-Type", sample.contentType);
    for (const [name, value] of Object.entries(sample.headers ?? {})) res.set(name, value);
    res.flushHeaders();
    if (how === "bytes") return void sendEach(res, body);
    const isHeld = how === "held" || (how === "held-once" && room.calls.length === 1);
    if (isHeld) res.write(body.subarray(0, sample.cutAt));
    else res.end(body);
  });
  app.all(["/api/tutorials/:name/:room", "/api/tutorials/:name/:room/*rest"], async (req, res) => {
    const room = enter(req);
    record(room, req, res);
    const tutorial = tutorials[String(req.params["name"])];
    if (!tutorial) return void res.status(404).end();
    await tutorial(req, res, room);
  });

  app.post("/api/:fault/:room/:run/cancel", (req, res) => {
    const room = enter(req);
    record(room, req, res);
    const [, fault = "", count = 0] = split(req);
    const cancels = room.calls.filter((call) => call.path.endsWith("/cancel")).length;
    if (fault === "deaf" && cancels <= Number(count)) return void res.status(503).end();
    const run = room.find(String(req.params["run"]));
    if (!run) return void res.status(404).end();
    if (fault !== "deaf" || Number(count) > 0) cancel(run);
    res.status(202).json({ run: run.id });
    room.changed();
  });
  app.all(["/api/:fault/:room", "/api/:fault/:room/:run"], async (req, res) => {
    const room = enter(req);
    record(room, req, res);
    const [, name = "", count = 0] = split(req);
    const fault = faults[name];
    if (!fault) return void res.status(404).end();
    const mount = `/api/${req.params["fault"]}/${req.params["room"]}`;
    const exchange: Exchange = { req, res, room, mount, count: Number(count), nth: room.count(req.method) };
    await fault(exchange);
  });
  return app;
}

/** Byte by byte, so that every boundary may fall between two chunks. */
async function sendEach(res: Response, body: Buffer): Promise<void> {
  for (const byte of body) {
    res.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  res.end();
}

const split = (req: Request): readonly string[] =>
  /^(.*?)(?:-([0-9]+))?$/.exec(String(req.params["fault"])) ?? [];

function record(room: Room, req: Request, res: Response): void {
  room.calls.push({
    method: req.method,
    path: req.path,
    key: req.get("idempotency-key") ?? null,
    lastEventId: req.get("last-event-id") ?? null,
    authorization: req.get("authorization") ?? null,
    body: req.body ?? null,
    query: req.query,
  });
  room.open.add(res);
  res.on("close", () => {
    room.open.delete(res);
    room.changed();
  });
}
