import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ProviderName, providers, type UpstreamConfig } from "./provider.js";

export interface DemoConfig {
  readonly port: number;
  /** Null: the simulated provider answers. */
  readonly upstream: UpstreamConfig | null;
  /** Null: runs live in this process. */
  readonly redis: { readonly url: string; readonly secret: string } | null;
  readonly abandonAfterMs: number;
  readonly heartbeatMs: number;
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstByteMs: number;
    readonly idleMs: number;
    readonly totalMs: number;
  };
}

const envFile = fileURLToPath(new URL("../../../.env", import.meta.url));

/**
 * Reads the environment, and `.env` beside the root's package.json where there is one.
 * @throws Error that names the variable and says what it takes
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): DemoConfig {
  if (existsSync(envFile)) process.loadEnvFile(envFile);
  const ms = (name: string, fallback: number): number => readNumber(env, name, fallback);
  return {
    port: readPort(env),
    upstream: readUpstream(env),
    redis: readRedis(env),
    abandonAfterMs: ms("ABANDON_AFTER_MS", 60_000),
    heartbeatMs: ms("HEARTBEAT_MS", 15_000),
    timeouts: {
      connectMs: ms("CONNECT_TIMEOUT_MS", 10_000),
      firstByteMs: ms("FIRST_BYTE_TIMEOUT_MS", 60_000),
      idleMs: ms("IDLE_TIMEOUT_MS", 60_000),
      totalMs: ms("TOTAL_TIMEOUT_MS", 600_000),
    },
  };
}

/** A real service answers as soon as one is named, by its URL or by its provider. */
function readUpstream(env: NodeJS.ProcessEnv): UpstreamConfig | null {
  const baseURL = env["AI_BASE_URL"] || undefined;
  const name = env["AI_PROVIDER"] || undefined;
  if (!baseURL && !name) return null;
  const provider = name ?? "openai-chat";
  if (!isProviderName(provider)) {
    const names = Object.keys(providers).join(", ");
    throw new Error(`AI_PROVIDER is "${provider}". Set it to one of ${names}, or leave it out.`);
  }
  const model = env["AI_MODEL"] || providers[provider].model;
  return { provider, baseURL, apiKey: env["AI_API_KEY"] || undefined, model };
}

const isProviderName = (name: string): name is ProviderName => Object.hasOwn(providers, name);

function readRedis(env: NodeJS.ProcessEnv): DemoConfig["redis"] {
  const url = env["REDIS_URL"];
  if (!url) return null;
  const secret = env["RUN_SECRET"];
  if (secret) return { url, secret };
  throw new Error(
    "REDIS_URL is set and RUN_SECRET is not. Set it to the same 16 characters or more on every node: openssl rand -base64 32",
  );
}

function readPort(env: NodeJS.ProcessEnv): number {
  const text = env["PORT"]?.trim() || "3000";
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new Error(`PORT is "${text}". Set it to a number from 0 (any free port) to 65535, or leave it out.`);
}

function readNumber(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name]?.trim();
  if (!text) return fallback;
  const value = Number(text);
  if (value >= 0) return value;
  throw new Error(`${name} is "${text}". Set it to a number of 0 or more, to Infinity, or leave it out.`);
}
