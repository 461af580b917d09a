import { elementOf } from "./manifest.js";

/** The words that a type chooses between, where it does. */
export const wordsOf = (type) =>
  /^"[^"]*"( \| "[^"]*")*$/.test(type?.text ?? "")
    ? [...type.text.matchAll(/"([^"]+)"/g)].map(([, word]) => word)
    : [];

/** For `html.customData` of VS Code: https://code.visualstudio.com/api/extension-guides/custom-data-extension */
export function htmlData(manifest) {
  const { tagName, description, attributes } = elementOf(manifest);
  return {
    version: 1.1,
    tags: [
      {
        name: tagName,
        description,
        attributes: attributes.map(({ name, description, type }) => ({
          name,
          description,
          ...(type.text === "boolean" ? { valueSet: "v" } : {}),
          ...(wordsOf(type).length > 0 ? { values: wordsOf(type).map((word) => ({ name: word })) } : {}),
        })),
      },
    ],
  };
}

/** For `css.customData`. */
export function cssData(manifest) {
  const { tagName, cssProperties, cssParts, cssStates } = elementOf(manifest);
  return {
    version: 1.1,
    properties: cssProperties.map(({ name, description }) => ({ name, description })),
    pseudoClasses: cssStates.map(({ name, description }) => ({
      name: `:state(${name})`,
      description: `${tagName}: ${description}`,
    })),
    pseudoElements: cssParts.map(({ name, description }) => ({
      name: `::part(${name})`,
      description: `${tagName}: ${description}`,
    })),
  };
}
