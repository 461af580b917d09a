import type { InputIssue } from "@ai-progress-stream/protocol";
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ownOf, showIssues } from "./form-issues.js";

interface FormLinkHost extends ReactiveControllerHost, HTMLElement {
  readonly htmlFor: string;
}

const SUBMITTER = "button:not([type=button]), [type=submit]";

/** What the form holds, as a plain object; a name that occurs more than once becomes a list. */
export type FormInput = Readonly<Record<string, string | readonly string[]>>;

export interface FormLinkOptions {
  readonly isBusy: () => boolean;
  readonly onSubmit: (input: FormInput) => void;
  /** The form holds files, under these names: JSON cannot carry them. */
  readonly onFiles: (names: readonly string[]) => void;
}

/**
 * Starts a run when the form that `for` names is submitted. It listens at the root, so the form may come later
 * or be replaced, and what the form's own listeners decide comes first.
 */
export class FormLink implements ReactiveController {
  readonly #host: FormLinkHost;
  readonly #options: FormLinkOptions;
  #root: Node | null = null;
  #submitter: Element | null = null;
  #takeIssuesBack: () => void = () => {};

  constructor(host: FormLinkHost, options: FormLinkOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  /** The form as it is now; null: there is none (yet). */
  get form(): HTMLFormElement | null {
    const root = this.#host.getRootNode();
    const form =
      this.#host.htmlFor && (root instanceof Document || root instanceof ShadowRoot)
        ? root.getElementById(this.#host.htmlFor)
        : null;
    return form instanceof HTMLFormElement ? form : null;
  }

  hostConnected(): void {
    this.#root = this.#host.getRootNode();
    this.#root.addEventListener("submit", this.#onSubmit);
  }

  hostDisconnected(): void {
    this.#root?.removeEventListener("submit", this.#onSubmit);
    this.#root = null;
    queueMicrotask(() => {
      // What was only moved goes on; what has gone leaves the form as it was.
      if (this.#host.isConnected) return;
      this.#submitter?.removeAttribute("aria-disabled");
      this.#takeIssuesBack();
    });
  }

  /** As the page's own button would. Gives false where there is no form. */
  submit(): boolean {
    const { form } = this;
    if (form) ownOf(form, "requestSubmit").call(form);
    return form !== null;
  }

  /** To be called when the run has begun or ended. The button stays focusable, and says that it is out of use. */
  setBusy(isBusy: boolean): void {
    if (isBusy) this.#submitter?.setAttribute("aria-disabled", "true");
    else this.#submitter?.removeAttribute("aria-disabled");
    if (!isBusy) this.#submitter = null;
  }

  /** Says at the fields what the server has found wrong with them. */
  showIssues(issues: readonly InputIssue[]): void {
    this.#takeIssuesBack();
    const { form } = this;
    if (form) this.#takeIssuesBack = showIssues(form, issues);
  }

  readonly #onSubmit = (event: Event): void => {
    const { form } = this;
    if (!form || event.target !== form || event.defaultPrevented) return;
    event.preventDefault();
    if (this.#options.isBusy()) return;
    const submitter = (event as SubmitEvent).submitter;
    const { input, files } = readForm(new FormData(form, submitter));
    if (files.length > 0) {
      this.#options.onFiles(files);
      return;
    }
    this.#takeIssuesBack();
    this.#submitter = submitter ?? ownOf(form, "querySelector").call(form, SUBMITTER);
    this.#options.onSubmit(input);
  };
}

function readForm(data: FormData): { input: FormInput; files: readonly string[] } {
  const input: Record<string, string | string[]> = {};
  const files: string[] = [];
  for (const [name, value] of data) {
    if (typeof value !== "string") {
      // A file field that was left empty is a file without name or content.
      if (value.name !== "" || value.size > 0) files.push(name);
      continue;
    }
    const known = Object.hasOwn(input, name) ? input[name] : undefined;
    const next = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
    // A field called __proto__ is a field, not a prototype.
    Object.defineProperty(input, name, { value: next, enumerable: true, configurable: true, writable: true });
  }
  return { input, files };
}
