import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const IMPORT =
  /(?:^|\n)(?:import|export)\s[^;"']*?\bfrom\s+["']([^"']+)["']|(?:^|\n)import\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

interface Import {
  /** Path of the importing file, from the root. */
  readonly from: string;
  /** A package's name, or a path from the root. */
  readonly to: string;
}

function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|tsx|js)$/.test(name))
    .map((name) => join(folder, name));
}

function importsOf(folder: string): Import[] {
  return sourcesOf(folder).flatMap((from) =>
    [...readFileSync(join(root, from), "utf8").matchAll(IMPORT)].map((match) => {
      const to = match[1] ?? match[2] ?? match[3] ?? "";
      return { from, to: to.startsWith(".") ? relative(root, resolve(root, from, "..", to)) : to };
    }),
  );
}

const violations = (folder: string, isAllowed: (found: Import) => boolean): string[] =>
  importsOf(folder)
    .filter((found) => !isAllowed(found))
    .map(({ from, to }) => `${from} imports ${to}`);

describe("the rules of the house", () => {
  test("there is something to look at", () => {
    expect(importsOf("packages/server/src").length).toBeGreaterThan(50);
    expect(importsOf("packages/element/src").length).toBeGreaterThan(10);
  });

  test("protocol imports nothing outside itself", () => {
    const isOwn = ({ to }: Import): boolean => to.startsWith("packages/protocol/src/");
    expect(violations("packages/protocol/src", isOwn)).toEqual([]);
  });

  test("protocol holds no class, no symbol and no state, so two copies of it are harmless", () => {
    const found = sourcesOf("packages/protocol/src").filter((path) =>
      /^\s*(export )?(abstract )?class |\bSymbol\(|^(export )?let /m.test(
        readFileSync(join(root, path), "utf8"),
      ),
    );
    expect(found).toEqual([]);
  });

  test.each(["store", "run", "upstream"])("server/%s never imports server/http", (layer) => {
    const isAllowed = ({ to }: Import): boolean => !to.startsWith("packages/server/src/http/");
    expect(violations(`packages/server/src/${layer}`, isAllowed)).toEqual([]);
  });

  test("only http/express.ts names Express, and only its types", () => {
    const isAllowed = ({ from, to }: Import): boolean =>
      to !== "express" || from === "packages/server/src/http/express.ts";
    expect(violations("packages/server/src", isAllowed)).toEqual([]);
    const adapter = readFileSync(join(root, "packages/server/src/http/express.ts"), "utf8");
    expect(adapter.match(/^(import|export) (?!type).*"express"/gm)).toBeNull();
  });

  test("only server/store/redis names redis, and only the entry of its own leads there", () => {
    const folder = "packages/server/src/store/redis/";
    const isAllowed = ({ from, to }: Import): boolean =>
      (to !== "redis" && !to.startsWith(folder)) ||
      from.startsWith(folder) ||
      (from === "packages/server/src/redis.ts" && to !== "redis");
    expect(violations("packages/server/src", isAllowed)).toEqual([]);
    expect(violations("packages/server/src", ({ to }) => to !== "redis").length).toBeGreaterThan(0);
  });

  test("element/client never imports lit", () => {
    const isAllowed = ({ to }: Import): boolean => !/^(lit|@lit)(\/|$)|^lit-/.test(to);
    expect(violations("packages/element/src/client", isAllowed)).toEqual([]);
  });

  test("only element/client/transport.ts uses fetch-event-source", () => {
    const isAllowed = ({ from, to }: Import): boolean =>
      to !== "@microsoft/fetch-event-source" || from === "packages/element/src/client/transport.ts";
    expect(violations("packages/element/src", isAllowed)).toEqual([]);
  });

  test.each(["packages/server/src", "packages/element/src", "demo/server", "demo/page"])(
    "%s imports no other package's inside",
    (folder) => {
      const [first, second] = folder.split("/");
      const own = first === "demo" ? "demo/" : `packages/${second}/`;
      const isAllowed = ({ to }: Import): boolean =>
        !/^@ai-progress-stream\/\w+\/(src|dist)\//.test(to) &&
        (!/^(packages|demo)\//.test(to) || to.startsWith(own));
      expect(violations(folder, isAllowed)).toEqual([]);
    },
  );

  test("only entry files re-export", () => {
    const found = ["protocol", "server", "element"].flatMap((name) =>
      sourcesOf(`packages/${name}/src`)
        .filter((path) => path.split("/").length > 4)
        .filter((path) =>
          /^export (type )?(\{[^}]*\}|\*) from /m.test(readFileSync(join(root, path), "utf8")),
        ),
    );
    expect(found).toEqual([]);
  });

  test("nothing is exported as default but configurations", () => {
    const found = ["protocol", "server", "element"].flatMap((name) =>
      sourcesOf(`packages/${name}/src`).filter((path) =>
        /^export default /m.test(readFileSync(join(root, path), "utf8")),
      ),
    );
    expect(found).toEqual([]);
  });
});
