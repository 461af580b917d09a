import { elementOf } from "./manifest.js";

/** A README with the element's tables, as the manifest has them, in their place. */
export const withTables = (readme, manifest) => withPart(readme, "element", tablesOf(manifest));

/** A README with the sizes and hashes of what was built, in their place. */
export const withSizes = (readme, files) =>
  withPart(
    readme,
    "sizes",
    table(
      ["file", "", "Brotli", "integrity"],
      files.map(({ file, brotli, integrity }) => [
        code(file),
        purposes.find(([start]) => file.startsWith(start))?.[1],
        // Up to the next half, for compressors differ by a few bytes.
        `${Math.ceil(brotli / 500) / 2} kB`,
        code(integrity),
      ]),
    ),
  );

const purposes = [
  [
    "ai-progress-stream.js",
    "everything in one file: Lit, transport, Markdown, every dialect, English and German",
  ],
  ["split/ai-progress-stream.js", "what a page loads first"],
  ["split/markdown-", 'with `format="markdown"`'],
  ["split/dialect-choice-", "for streams that are not of our own protocol"],
];

function withPart(readme, name, part) {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [readme.indexOf(start), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`A README has no place for this: ${start} … ${end}`);
  return `${readme.slice(0, from + start.length)}\n${part}\n${readme.slice(to)}`;
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
