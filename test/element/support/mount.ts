import { AiProgressStream } from "@ai-progress-stream/element";
import { loadMarkdown } from "../../../packages/element/src/element/markdown/loader.js";
import { createFakeSession, type FakeSession } from "./fake-session.js";
import type { Scene } from "./scenes.js";

/** Every session that an element has asked for, newest last. */
export const sessions: FakeSession[] = [];

/** From here on elements get sessions that do what a test says. */
export function useFakeSessions(prepare: (session: FakeSession) => void = () => {}): void {
  sessions.length = 0;
  AiProgressStream.createSession = (options) => {
    const session = createFakeSession(options);
    prepare(session);
    sessions.push(session);
    return session;
  };
}

export function lastSession(): FakeSession {
  const session = sessions.at(-1);
  if (!session) throw new Error("no session was made");
  return session;
}

/** Puts an element into the document and waits until it is drawn. */
export async function mount(
  attributes: Readonly<Record<string, string>> = {},
  content = "",
  parent: Element = document.body,
): Promise<AiProgressStream> {
  // Elsewhere is told what happens while it loads.
  if (attributes["format"] === "markdown") await loadMarkdown();
  const template = document.createElement("template");
  // Under Trusted Types even the empty string is refused.
  if (content) template.innerHTML = content;
  const element = document.createElement("ai-progress-stream");
  for (const [name, value] of Object.entries({ action: "/fake", ...attributes })) {
    element.setAttribute(name, value);
  }
  element.append(template.content);
  parent.append(element);
  await element.updateComplete;
  return element;
}

/** An element in the state of a scene; its session is the last one. */
export async function mountScene(scene: Scene, parent?: Element): Promise<AiProgressStream> {
  const attributes = { label: "Summarise this contract", ...scene.attributes };
  const element = await mount(attributes, scene.content, parent);
  if (scene.play) {
    void element.start({});
    await Promise.resolve();
    scene.play(lastSession(), Date.now(), element);
    // What waits on purpose before it is shown, too.
    await until(() => isShown(element, "message"), `the scene "${scene.name}"`);
    await drawn(element);
  }
  return element;
}

export const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));

/** Until what has happened so far is to be seen. */
export async function drawn(element: AiProgressStream): Promise<void> {
  await element.updateComplete;
  await frame();
  await element.updateComplete;
}

/** Waits for a condition, not for a time. */
export async function until<T>(
  condition: () => T | Promise<T>,
  what = "the condition",
): Promise<NonNullable<T>> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The part's element; throws where it is not drawn. */
export function part(element: AiProgressStream, name: string): HTMLElement {
  const found = maybePart(element, name);
  if (!found) throw new Error(`no part "${name}" is drawn`);
  return found;
}

export const maybePart = (element: AiProgressStream, name: string): HTMLElement | null => {
  const found = element.shadowRoot?.querySelector<HTMLElement>(`[part~="${name}"]`) ?? null;
  return found && !found.hidden ? found : null;
};

/** Assert on this rather than on the node: a runner that prints a node prints the whole page. */
export const isShown = (element: AiProgressStream, name: string): boolean =>
  maybePart(element, name) !== null;

export const partText = (element: AiProgressStream, name: string): string =>
  (part(element, name).textContent ?? "").replace(/\s+/g, " ").trim();

/** What the live regions hold now. */
export function announced(element: AiProgressStream): { polite: string; urgent: string } {
  const regions = element.shadowRoot?.querySelectorAll("[aria-live=polite]") ?? [];
  return {
    polite: [...regions].map((region) => region.textContent).join(""),
    urgent: element.shadowRoot?.querySelector("[role=alert]")?.textContent ?? "",
  };
}
