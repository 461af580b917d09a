import type { InputIssue } from "@ai-progress-stream/protocol";
import type { ReactiveController, ReactiveControllerHost } from "lit";

interface FormLinkHost extends ReactiveControllerHost, HTMLElement {
  readonly htmlFor: string;
}

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
  #submitter: HTMLElement | null = null;

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
  }

  /** To be called when the run has begun or ended. The button stays focusable, and says that it is out of use. */
  setBusy(isBusy: boolean): void {
    if (isBusy) this.#submitter?.setAttribute("aria-disabled", "true");
    else this.#submitter?.removeAttribute("aria-disabled");
    if (!isBusy) this.#submitter = null;
  }

  /** Says at the fields what the server has found wrong with them, as the browser's own validation would. */
  showIssues(issues: readonly InputIssue[]): void {
    const { form } = this;
    const fields: FormField[] = [];
    for (const { path = [], message } of issues) {
      const field = form?.elements.namedItem(String(path[0] ?? ""));
      if (!isFormField(field) || !field.willValidate || fields.includes(field)) continue;
      field.setCustomValidity(message);
      fields.push(field);
    }
    const [first] = fields;
    if (!form || !first) return;
    // The word of the server is on what was sent: with the next change to any of it, it is out of date.
    const clear = (): void => {
      for (const field of fields) field.setCustomValidity("");
    };
    form.addEventListener("input", clear, { once: true });
    // It takes the focus to the field, and nobody is to be called back from elsewhere.
    const { activeElement, body } = form.ownerDocument;
    if (form.contains(activeElement) || activeElement === body) first.reportValidity();
  }

  readonly #onSubmit = (event: Event): void => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
    if (!this.#host.htmlFor || form.id !== this.#host.htmlFor) return;
    event.preventDefault();
    if (this.#options.isBusy()) return;
    const submitter = (event as SubmitEvent).submitter;
    const { input, files } = readForm(new FormData(form, submitter));
    if (files.length > 0) {
      this.#options.onFiles(files);
      return;
    }
    this.#submitter =
      submitter ?? form.querySelector<HTMLElement>("button:not([type=button]), [type=submit]");
    this.#options.onSubmit(input);
  };
}

type FormField = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const isFormField = (field: unknown): field is FormField =>
  field instanceof HTMLInputElement ||
  field instanceof HTMLSelectElement ||
  field instanceof HTMLTextAreaElement;

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
