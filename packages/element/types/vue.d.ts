/* Written by `npm run docs` from the sources of the element. */
import type { EmitFn, HTMLAttributes, PublicProps } from "vue";
import type { AiProgressStream } from "@ai-progress-stream/element/element";
import type { AiProgressStreamAttributes, AiProgressStreamEvents, AiProgressStreamProps } from "./props.js";

type Own = AiProgressStreamProps & AiProgressStreamAttributes;

declare module "vue" {
  interface GlobalComponents {
    "ai-progress-stream": new () => AiProgressStream & {
      /** Only for the checker of templates: the element has no such property. */
      $props: Own & Omit<HTMLAttributes, keyof Own> & PublicProps;
      /** Only for the checker of templates: the element has no such method. */
      $emit: EmitFn<{ [Name in keyof AiProgressStreamEvents]: (event: AiProgressStreamEvents[Name]) => void }>;
    };
  }
}
