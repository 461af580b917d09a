/* Written by `npm run docs` from the sources of the element. */
import type { HTMLAttributes, RefAttributes } from "react";
import type { AiProgressStream } from "@ai-progress-stream/element/element";
import type { AiProgressStreamAttributes, AiProgressStreamEvents, AiProgressStreamProps } from "./props.js";

type Own = AiProgressStreamProps &
  AiProgressStreamAttributes & {
    [Name in keyof AiProgressStreamEvents as `on${Name}`]?: (event: AiProgressStreamEvents[Name]) => void;
  };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "ai-progress-stream": Own & Omit<HTMLAttributes<AiProgressStream>, keyof Own> & RefAttributes<AiProgressStream>;
    }
  }
}
