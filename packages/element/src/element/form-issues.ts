import type { InputIssue } from "@ai-progress-stream/protocol";

/** A field hides what its form has of the same name: `id`, `elements`, `requestSubmit`. The class has it still. */
export const ownOf = <Name extends string>(form: HTMLFormElement, name: Name): HTMLFormElement[Name] =>
  Reflect.get(HTMLFormElement.prototype, name, form);

/**
 * Says at a form's fields what the server has found wrong with them, as the browser's own validation would. That is
 * on what was sent, so it is out of date as soon as any of it is changed. Gives the function that takes it back.
 */
export function showIssues(form: HTMLFormElement, issues: readonly InputIssue[]): () => void {
  const fields: FormField[] = [];
  for (const { path = [], message } of issues) {
    const field = ownOf(form, "elements").namedItem(String(path[0] ?? ""));
    if (!isFormField(field) || !field.willValidate || fields.includes(field)) continue;
    field.setCustomValidity(message);
    fields.push(field);
  }
  const over = new AbortController();
  const takeBack = (): void => {
    over.abort();
    for (const field of fields) field.setCustomValidity("");
  };
  const [first] = fields;
  if (!first) return takeBack;

  const listen = (types: readonly string[], listener: (event: Event) => void): void => {
    const options = { capture: true, signal: over.signal };
    for (const type of types) first.getRootNode().addEventListener(type, listener, options);
  };
  listen(["input", "change", "reset"], ({ target }) => {
    if (target === form || (target as Partial<FormField>).form === form) takeBack();
  });
  // A script that sets a value tells nobody: it is seen at the button, before the browser validates, else there.
  const before = contentOf(form);
  listen(["click", "invalid"], () => {
    if (contentOf(form) !== before) takeBack();
  });

  // It takes the focus to the field, and nobody is to be called back from elsewhere.
  const { activeElement, body } = first.ownerDocument;
  const isHere = activeElement === body || ownOf(form, "contains").call(form, activeElement);
  if (isHere) first.reportValidity();
  return takeBack;
}

const contentOf = (form: HTMLFormElement): string => JSON.stringify([...new FormData(form)]);

type FormField = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const isFormField = (field: unknown): field is FormField =>
  field instanceof HTMLInputElement ||
  field instanceof HTMLSelectElement ||
  field instanceof HTMLTextAreaElement;
