import { readFileSync } from "node:fs";
import { create, ts } from "@custom-elements-manifest/analyzer";
import { litPlugin } from "@custom-elements-manifest/analyzer/src/features/framework-plugins/lit/lit.js";
import { runnerImport } from "vite";
import { root } from "../tools.js";

const folder = `${root}packages/element/`;
const ELEMENT = "src/element/ai-progress-stream.ts";
const EVENTS = "src/element/events.ts";
/** Where the types of properties are declared that are a choice of words. */
const TYPES = [
  EVENTS,
  "src/element/announcer.ts",
  "src/element/properties.ts",
  "src/element/view.ts",
  "../protocol/src/dialects/dialect.ts",
];

/**
 * The element as custom-elements.json has it (schema 1.0.0): the analyzer reads the class, what it leaves open is
 * added here: which attributes the table of properties makes, the defaults, the words of a choice.
 */
export async function readManifest() {
  const modules = [ELEMENT, EVENTS, "src/index.ts"].map((path) =>
    ts.createSourceFile(path, readFileSync(folder + path, "utf8"), ts.ScriptTarget.ES2022, true),
  );
  const manifest = create({ modules, plugins: [...litPlugin(), jsDocPlugin] });
  const { module } = await runnerImport(`${folder}src/element/properties.ts`, {
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: ["ai-progress-stream-source"] },
  });
  const choices = readChoices();
  const declaration = manifest.modules[0].declarations.find(({ customElement }) => customElement);
  declaration.members = declaration.members.filter(
    ({ name, privacy, static: isStatic }) => privacy !== "private" && !isStatic && !name.startsWith("#"),
  );
  for (const member of declaration.members) {
    if (member.type) member.type = { text: choices.get(member.type.text) ?? member.type.text };
  }
  declaration.attributes = Object.entries(module.properties).flatMap(([name, { attribute }]) => {
    const member = declaration.members.find((candidate) => candidate.name === name);
    if (!member) throw new Error(`The property "${name}" is not declared in ${ELEMENT}.`);
    if (attribute === false) return [];
    member.attribute = attribute;
    const { type, description, default: value } = member;
    return [{ name: attribute, fieldName: name, type, description, ...(value ? { default: value } : {}) }];
  });
  for (const { path, declarations } of manifest.modules) {
    for (const item of declarations) checkDescribed(path, item);
  }
  for (const item of manifest.modules) item.path = item.path.replace(/^src\/(.*)\.ts$/, "dist/$1.js");
  return JSON.parse(
    JSON.stringify(manifest).replaceAll(/src\/element\/(\w[\w-]*)\.ts/g, "dist/element/$1.js"),
  );
}

export const elementOf = (manifest) =>
  manifest.modules.flatMap(({ declarations }) => declarations).find(({ customElement }) => customElement);

/** The words between which a named type chooses: `"on" | "off"`. */
function readChoices() {
  const choices = new Map([["RequestCredentials", '"omit" | "same-origin" | "include"']]);
  for (const path of TYPES) {
    const source = readFileSync(folder + path, "utf8");
    for (const [, name, words] of source.matchAll(/^export type (\w+) =((?:\s*\|?\s*(?:"[^"]*"|\w+))+);/gm)) {
      choices.set(
        name,
        words
          .trim()
          .replace(/^\|\s*/, "")
          .replace(/\s*\|\s*/g, " | "),
      );
    }
  }
  for (const [name, words] of choices) {
    choices.set(
      name,
      words.replace(/\b[A-Z]\w+\b/g, (inner) => choices.get(inner) ?? inner),
    );
  }
  return choices;
}

/** What TSDoc writes otherwise than the analyzer reads: `@defaultValue`, `@throws`, the types of async methods. */
const jsDocPlugin = {
  name: "tsdoc",
  analyzePhase({ node, moduleDoc }) {
    if (!ts.isClassDeclaration(node)) return;
    const declaration = moduleDoc.declarations.find(({ name }) => name === node.name?.text);
    for (const member of node.members) {
      const found = declaration?.members?.find(({ name }) => name === member.name?.text);
      if (!found) continue;
      for (const tag of ts.getJSDocTags(member)) {
        const text = ts.getTextOfJSDocComment(tag.comment)?.trim() ?? "";
        if (tag.tagName.text === "defaultValue" && found.kind === "field") found.default = text;
        if (tag.tagName.text === "returns") found.return = { ...found.return, description: text };
      }
      if (member.type && found.kind === "method") {
        found.return = { ...found.return, type: { text: member.type.getText() } };
      }
      if (found.description) found.description = found.description.replace(/\s+/g, " ");
    }
  },
};

/** Nothing that a page can reach stays without a word. */
function checkDescribed(path, declaration) {
  const lists = ["attributes", "events", "slots", "cssParts", "cssProperties", "cssStates"];
  const members = declaration.customElement ? declaration.members : [];
  const items = [...members, ...lists.flatMap((list) => declaration[list] ?? [])];
  const missing = [declaration, ...items].filter(
    ({ name, description }) => !description && name !== "AiEvent",
  );
  if (missing.length === 0) return;
  throw new Error(`${path}: there is no description of ${missing.map(({ name }) => name).join(", ")}.`);
}
