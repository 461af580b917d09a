import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { freePort } from "./free-port.js";
import { until } from "./gate.js";

/** Null, or why there is no nginx to test behind. */
export const whyNoNginx: string | null = spawnSync("nginx", ["-v"]).error
  ? "nginx is not installed; on Debian: apt-get install nginx-light"
  : null;

/** A real nginx in front of `target`, with its defaults but for `directives`. Gives its origin. */
export async function startNginx(target: string, directives = ""): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  const port = await freePort();
  const config = `
    daemon off;
    pid ${folder}/nginx.pid;
    error_log ${folder}/error.log;
    events {}
    http {
      access_log off;
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi;
      scgi_temp_path ${folder}/scgi;
      gzip on;
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass ${target}; ${directives} }
      }
    }`;
  await run(folder, config);
  const origin = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(origin, { method: "HEAD" }).then(
      () => true,
      () => false,
    ),
  );
  return origin;
}

/**
 * A real nginx by a configuration of this repository's, in which only the addresses named in `ports` are replaced.
 * Gives the folder that it runs in.
 */
export async function startNginxBy(file: URL, ports: Readonly<Record<string, number>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  let config = readFileSync(file, "utf8");
  for (const [address, port] of Object.entries(ports)) {
    if (!config.includes(address)) throw new Error(`${file.pathname} does not name ${address}`);
    config = config.replaceAll(address, `127.0.0.1:${port}`);
  }
  await run(folder, config);
  return folder;
}

async function run(folder: string, config: string): Promise<void> {
  writeFileSync(join(folder, "nginx.conf"), config);
  const nginx = spawn(
    "nginx",
    ["-c", join(folder, "nginx.conf"), "-p", folder, "-e", join(folder, "error.log")],
    {
      stdio: "ignore",
    },
  );
  onTestFinished(async () => {
    nginx.kill("SIGTERM");
    await new Promise((resolve) => nginx.once("exit", resolve));
    rmSync(folder, { recursive: true, force: true });
  });
}
