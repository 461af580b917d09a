import { until } from "./mount.js";

/** Opens csp-page.html in a frame and gives what it notes on its root. */
export async function strictPage(query = ""): Promise<DOMStringMap> {
  const frame = document.createElement("iframe");
  frame.src = `/test/element/support/csp-page.html${query}`;
  document.body.append(frame);
  return until(() => {
    const notes = frame.contentDocument?.querySelector("html")?.dataset;
    return notes?.["violations"] ? notes : null;
  }, "the page");
}
