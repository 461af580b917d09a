import { elementOf } from "./manifest.js";

const START = "<!-- element:start -->";
const END = "<!-- element:end -->";

/** A README with the element's tables, as the manifest has them, in their place. */
export function withTables(readme, manifest) {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) throw new Error(`A README has no place for the tables: ${START} … ${END}`);
  return `${readme.slice(0, start + START.length)}\n${tablesOf(manifest)}\n${readme.slice(end)}`;
}

function tablesOf(manifest) {
  const element = elementOf(manifest);
  const { attributes, events, slots, cssParts, cssProperties, cssStates } = element;
  const fields = element.members.filter(({ kind }) => kind === "field");
  const methods = element.members.filter(({ kind }) => kind === "method");
  const named = (items) => items.map(({ name, description }) => [code(name) || "(default)", description]);
  return [
    "### Attributes",
    "Each mirrors a property.",
    table(
      ["attribute", "property", "type", "default", ""],
      attributes.map(({ name, fieldName, type, default: value, description }) => [
        code(name),
        fieldName === name ? "" : code(fieldName),
        typeOf(type),
        code(value),
        description,
      ]),
    ),
    "### Properties without an attribute",
    table(
      ["property", "type", ""],
      fields
        .filter(({ attribute }) => !attribute)
        .map(({ name, type, readonly, description }) => [
          code(name),
          typeOf(type),
          readonly ? `Read-only. ${description}` : description,
        ]),
    ),
    "### Methods",
    table(
      ["method", "gives", ""],
      methods.map(({ name, parameters = [], return: result, description }) => [
        code(`${name}(${parameters.map((item) => item.name + (item.optional ? "?" : "")).join(", ")})`),
        typeOf(result?.type),
        description,
      ]),
    ),
    "### Events",
    "They bubble and cross shadow boundaries. What they tell is in `detail`.",
    table(
      ["event", "class", ""],
      events.map(({ name, type, description }) => [code(name), typeOf(type), description]),
    ),
    "### States",
    "The value of `state`, and `:state(…)` in CSS.",
    table(["state", ""], named(cssStates)),
    "### Slots",
    table(["slot", ""], named(slots)),
    "### Parts",
    folded("What `::part(…)` reaches", table(["part", ""], named(cssParts))),
    "### CSS variables",
    folded("What the look is made of", table(["variable", ""], named(cssProperties))),
  ].join("\n\n");
}

const folded = (summary, content) =>
  `<details>\n<summary>${summary.replace(/`([^`]*)`/g, "<code>$1</code>")}</summary>\n\n${content}\n\n</details>`;

const cell = (text) => (text ?? "").replaceAll("|", "\\|").replaceAll(/\s+/g, " ").trim();
const code = (text) => (!text || text.startsWith("`") ? (text ?? "") : `\`${text}\``);
const typeOf = (type) => code(type?.text);

function table(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}
