/** The script of a page with a strict policy: plays every scene and notes on the root what the policy refused. */
const violations: string[] = [];
document.addEventListener("securitypolicyviolation", (event) => {
  violations.push(`${event.violatedDirective} ${event.sample}`);
});

const { drawn, lastSession, mount, mountScene, useFakeSessions } = await import("./mount.js");
const { scenes } = await import("./scenes.js");
useFakeSessions();
for (const scene of scenes.filter(({ content }) => !content)) {
  const element = await mountScene(scene);
  const segments = element.shadowRoot?.querySelectorAll<HTMLElement>("[part~=segment]");
  const third = segments?.[2];
  if (third) document.documentElement.dataset["weight"] = getComputedStyle(third).flexGrow;
}
if (location.search === "?hostile") {
  const { hostileMarkdown } = await import("../markdown/hostile.js");
  for (const markdown of hostileMarkdown) {
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: markdown }, { type: "end", status: "succeeded" });
    await drawn(element);
  }
  document.documentElement.dataset["hostile"] = String(hostileMarkdown.length);
}
document.documentElement.dataset["violations"] = violations.join("; ") || "none";

export {};
