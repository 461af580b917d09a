import { type ElementPart, noChange, type Part } from "lit";
import { Directive, type DirectiveResult, directive, type PartInfo, PartType } from "lit/directive.js";

/**
 * Sets custom properties through the CSSOM. Neither a `style` attribute nor Lit's styleMap would do: a page
 * with `style-src 'self'` refuses both.
 */
class CssVars extends Directive {
  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("cssVars stands in the place of an attribute list");
  }
  override render(_vars: Readonly<Record<string, number>>): typeof noChange {
    return noChange;
  }
  override update(part: Part, [vars]: [Readonly<Record<string, number>>]): typeof noChange {
    const { style } = (part as ElementPart).element as HTMLElement;
    for (const [name, value] of Object.entries(vars)) style.setProperty(name, String(value));
    return noChange;
  }
}

export const cssVars: (vars: Readonly<Record<string, number>>) => DirectiveResult = directive(CssVars);
