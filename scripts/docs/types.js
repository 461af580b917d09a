import { elementOf } from "./manifest.js";

const HEAD = "/* Written by `npm run docs` from the sources of the element. */\n";
const PACKAGE = "@ai-progress-stream/element/element";

/** What a framework can set and hear, as one file that the three of them share. */
export function propsTypes(manifest) {
  const { attributes, events, members } = elementOf(manifest);
  const settable = members.filter(({ kind, readonly }) => kind === "field" && !readonly);
  const doc = (text) => `  /** ${text} */\n`;
  const properties = settable.map(
    ({ name, description }) => `${doc(description)}  ${name}?: AiProgressStream["${name}"];\n`,
  );
  const kebab = attributes
    .filter(({ name, fieldName }) => name !== fieldName)
    .map(({ name, fieldName, type }) => {
      const { text } = type;
      const value =
        text === "string" || /^"/.test(text)
          ? `AiProgressStream["${fieldName}"]`
          : /^number/.test(text)
            ? "number | string"
            : "string";
      return `${doc(`As \`${fieldName}\`.`)}  "${name}"?: ${value};\n`;
    });
  const heard = events.map(
    ({ name, type, description }) => `${doc(description)}  "${name}": ${type.text};\n`,
  );
  const names = [...new Set(events.map(({ type }) => type.text))].sort();
  return `${HEAD}import type {
${names.map((name) => `  ${name},\n`).join("")}  AiProgressStream,
} from "${PACKAGE}";

/** The element's properties, as a framework sets them. */
export interface AiProgressStreamProps {
${properties.join("")}}

/** Attributes whose names are not those of their properties. */
export interface AiProgressStreamAttributes {
${kebab.join("")}}

/** The element's events. */
export interface AiProgressStreamEvents {
${heard.join("")}}
`;
}

/** JSX of React 19, which sets properties and listens to events of custom elements. */
export const reactTypes = (manifest) => `${HEAD}import type { HTMLAttributes, RefAttributes } from "react";
import type { AiProgressStream } from "${PACKAGE}";
import type { AiProgressStreamAttributes, AiProgressStreamEvents, AiProgressStreamProps } from "./props.js";

type Own = AiProgressStreamProps &
  AiProgressStreamAttributes & {
    [Name in keyof AiProgressStreamEvents as \`on\${Name}\`]?: (event: AiProgressStreamEvents[Name]) => void;
  };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "${elementOf(manifest).tagName}": Own & Omit<HTMLAttributes<AiProgressStream>, keyof Own> & RefAttributes<AiProgressStream>;
    }
  }
}
`;

/** Templates of Vue 3. */
export const vueTypes = (manifest) => `${HEAD}import type { EmitFn, HTMLAttributes, PublicProps } from "vue";
import type { AiProgressStream } from "${PACKAGE}";
import type { AiProgressStreamAttributes, AiProgressStreamEvents, AiProgressStreamProps } from "./props.js";

type Own = AiProgressStreamProps & AiProgressStreamAttributes;

declare module "vue" {
  interface GlobalComponents {
    "${elementOf(manifest).tagName}": new () => AiProgressStream & {
      /** Only for the checker of templates: the element has no such property. */
      $props: Own & Omit<HTMLAttributes, keyof Own> & PublicProps;
      /** Only for the checker of templates: the element has no such method. */
      $emit: EmitFn<{ [Name in keyof AiProgressStreamEvents]: (event: AiProgressStreamEvents[Name]) => void }>;
    };
  }
}
`;

/** Templates of Svelte 5, and of 4 with \`on:\`. */
export const svelteTypes = (manifest) => `${HEAD}import type { HTMLAttributes } from "svelte/elements";
import type { AiProgressStream } from "${PACKAGE}";
import type { AiProgressStreamAttributes, AiProgressStreamEvents, AiProgressStreamProps } from "./props.js";

type Own = AiProgressStreamProps &
  AiProgressStreamAttributes & {
    [Name in keyof AiProgressStreamEvents as \`on\${Name}\` | \`on:\${Name}\`]?: (event: AiProgressStreamEvents[Name]) => void;
  };

declare module "svelte/elements" {
  interface SvelteHTMLElements {
    "${elementOf(manifest).tagName}": Own & Omit<HTMLAttributes<AiProgressStream>, keyof Own>;
  }
}
`;
