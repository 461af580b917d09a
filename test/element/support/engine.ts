/** What these tests run in, by the word of its own name. */
export const engine = navigator.userAgent.includes("Firefox/")
  ? "firefox"
  : navigator.userAgent.includes("Chrome/")
    ? "chromium"
    : "webkit";

/** Why an engine cannot run a test. */
export type Reasons = { readonly [name in typeof engine]?: string };

/** A test that is left out where an engine has a reason, which its title then names. */
export function itUnless(reasons: Reasons, title: string, test: () => unknown): void {
  const reason = reasons[engine];
  if (reason === undefined) it(title, test as () => void);
  else it.skip(`${title} (${reason})`, test as () => void);
}
