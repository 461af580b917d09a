/* The usual way: the whole text through marked and DOMPurify into innerHTML, at each piece. */
import DOMPurify from "dompurify";
import { marked } from "marked";

export function open(box) {
  let text = "";
  return (delta) => {
    text += delta;
    box.innerHTML = DOMPurify.sanitize(marked.parse(text));
  };
}
