/** @throws TypeError for what is no number of 0 or more */
export function checkBound(name: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value >= 0)) return;
  throw wrongNumber(name, value, "0 or more, Infinity for no bound");
}

/** @throws TypeError for what is no number of more than 0 */
export function checkTime(name: string, value: unknown): void {
  if (value === 0) throw wrongNumber(name, 0, "more than 0, Infinity for no bound");
  checkBound(name, value);
}

/** @throws TypeError for what is no finite number of `least` or more; of more than 0, without one */
export function checkPeriod(name: string, value: unknown, least: number = Number.MIN_VALUE): void {
  if (value === undefined || (Number.isFinite(value) && Number(value) >= least)) return;
  throw wrongNumber(
    name,
    value,
    least > 0 && least < 1 ? "more than 0, and finite" : `${least} or more, and finite`,
  );
}

/** The end of a run is read from its store: without a moment for that, no viewer would see it. */
export const MIN_RETAIN_MS = 1_000;

export const wrongNumber = (name: string, value: unknown, wanted: string): TypeError =>
  new TypeError(`${name} is ${String(value)}. Give a number of ${wanted}, or leave it out.`);
