import { isRunId } from "@ai-progress-stream/protocol";
import { baseUrl } from "./page.js";

/** Where a run is: what the options say, and what the server has told since. */
export class RunAddress {
  /** The endpoint, as an absolute URL. */
  readonly action: URL;
  /** The run's id, as far as it is known. */
  run: string | null = null;
  /** The run's own URL, as the server named it. */
  url: string | null = null;
  /**
   * Whether the server has shown that it keeps runs. Of any other, a URL is only where its stream is, and to ask
   * there again may start the work again.
   */
  isOurs = false;
  readonly #hasAction: boolean;
  readonly #resumeUrl: string | null;
  readonly #cancelUrl: string | null;

  constructor(options: { action: string; resumeUrl?: string; cancelUrl?: string }) {
    this.action = new URL(options.action, baseUrl());
    this.#hasAction = options.action !== "";
    this.#resumeUrl = options.resumeUrl ?? null;
    this.#cancelUrl = options.cancelUrl ?? null;
  }

  forget(): void {
    this.run = null;
    this.url = null;
    this.isOurs = false;
  }

  /** Where the run can be found again; null where it cannot. */
  get resumeTarget(): string | null {
    return this.isOurs ? this.runUrl : null;
  }

  /** Where to attach; null while the run is not known. */
  get runUrl(): string | null {
    if (this.run !== null && this.#resumeUrl !== null) return this.#fill(this.#resumeUrl, this.run);
    if (this.url !== null) return this.url;
    if (this.run === null || !this.#hasAction) return null;
    return below(this.action, encodeURIComponent(this.run));
  }

  /** Where to ask for a cancel; null while that is not known. */
  get cancelTarget(): string | null {
    if (this.#cancelUrl !== null) {
      if (!this.#cancelUrl.includes("{run}")) return this.#fill(this.#cancelUrl, "");
      if (this.run !== null) return this.#fill(this.#cancelUrl, this.run);
    }
    const { resumeTarget } = this;
    return resumeTarget === null ? null : below(new URL(resumeTarget), "cancel");
  }

  /**
   * Takes a URL that the server or the storage named. One at another origin than the action's is not taken: the
   * request's headers are not meant for it. Nor is the action itself, which some servers name as the location of
   * its content.
   */
  learnUrl(name: string | null, base: string | undefined): void {
    if (name === null) return;
    let url: URL;
    try {
      url = new URL(name, base);
    } catch {
      return;
    }
    if (url.origin !== this.action.origin || url.href === this.action.href) return;
    this.url = url.href;
    this.isOurs = true;
  }

  /** Takes what a caller calls a run: its id, or its URL at the action's origin or the page's. */
  point(run: string): void {
    const isId = isRunId(run) || !/[/:?]/.test(run);
    const url = isId ? null : this.#urlOf(run);
    this.run = isId ? run : null;
    this.url = url;
    this.isOurs = true;
  }

  #urlOf(run: string): string {
    const page = baseUrl();
    const url = new URL(run, page);
    const allowed = [this.action.origin, ...(page === undefined ? [] : [new URL(page).origin])];
    if (allowed.includes(url.origin)) return url.href;
    throw new Error(
      `The run's URL is at another origin (${url.origin}) than the action (${this.action.origin}). Attach by its id.`,
    );
  }

  #fill(template: string, run: string): string {
    return new URL(template.replaceAll("{run}", encodeURIComponent(run)), baseUrl()).href;
  }
}

/** One step deeper; the query, which may say who asks, is kept. */
function below(url: URL, step: string): string {
  const deeper = new URL(url);
  deeper.pathname = `${url.pathname.replace(/\/$/, "")}/${step}`;
  deeper.hash = "";
  return deeper.href;
}
