import type { Label } from "./labels/labels.js";

/** Building an Intl formatter costs more than a frame's worth of formatting: each is built once. */
const cache = new Map<string, Intl.NumberFormat>();
function numberFormat(lang: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = lang + JSON.stringify(options);
  let format = cache.get(key);
  if (!format) {
    format = new Intl.NumberFormat(lang, options);
    cache.set(key, format);
  }
  return format;
}

export const formatCount = (lang: string, count: number): string => numberFormat(lang, {}).format(count);

/** Whole percent, rounded down: 100 % is said only of what has finished. */
export const formatPercent = (lang: string, fraction: number): string =>
  numberFormat(lang, { style: "percent" }).format(percentOf(fraction) / 100);

/** The epsilon undoes 0.29 * 100 = 28.999999999999996. */
export const percentOf = (fraction: number): number => Math.floor(fraction * 100 + 1e-9);

/** A running clock in the language's digits: m:ss, h:mm:ss from an hour on. */
export function formatClock(lang: string, ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const pad = (value: number): string => numberFormat(lang, { minimumIntegerDigits: 2 }).format(value);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${formatCount(lang, minutes)}:${pad(seconds % 60)}`
    : `${formatCount(lang, Math.floor(minutes / 60))}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

/** A length of time: "21.4 s", "21.4 秒", from a minute on "1:23". */
export function formatDuration(lang: string, ms: number, fractionDigits = 1): string {
  // What would be rounded up to a minute is one.
  const unit = 1_000 / 10 ** fractionDigits;
  if (Math.round(ms / unit) * unit >= 60_000) return formatClock(lang, Math.max(ms, 60_000));
  const parts = numberFormat(lang, {
    style: "unit",
    unit: "second",
    unitDisplay: "short",
    minimumFractionDigits: fractionDigits,
    maximumFractionDigits: fractionDigits,
  }).formatToParts(Math.max(0, ms) / 1000);
  // What Latin scripts abbreviate in their own ways ("sec", "Sek.") has a symbol that all of them know.
  const write = ({ type, value }: Intl.NumberFormatPart): string =>
    type === "unit" && /^[a-z]/i.test(value)
      ? "s"
      : type === "literal"
        ? value.replace(" ", "\u00a0")
        : value;
  return parts.map(write).join("");
}

/** Money; below a tenth two significant digits, so that a cost per run never reads as zero. */
export function formatMoney(lang: string, amount: number, currency: string): string {
  const precision = Math.abs(amount) < 0.1 && amount !== 0 ? { maximumSignificantDigits: 2 } : {};
  try {
    const money = numberFormat(lang, { style: "currency", currency, ...precision }).format(amount);
    // Among Arabic, "US$" would be drawn as "$US".
    return money.startsWith("\u200f") ? money.replace(/[A-Z]+\p{Sc}/u, "\u2066$&\u2069") : money;
  } catch {
    // RangeError: a currency that is no ISO 4217 code.
    return `${numberFormat(lang, precision).format(amount)} ${currency}`;
  }
}

/** What parts a sentence from a reason behind it: a blank, unless the language begins it with a mark (", weil …"). */
export const blankBefore = (reason: string): string => (/^\p{P}/u.test(reason) ? "" : " ");

/** Fills `{name}` in a label. A number is formatted; `count` also chooses the plural form. */
export function fill(lang: string, label: Label, values: Readonly<Record<string, string | number>>): string {
  const count = values["count"];
  const template =
    typeof label === "string"
      ? label
      : (label[new Intl.PluralRules(lang).select(typeof count === "number" ? count : 0)] ??
        label.other ??
        "");
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? formatCount(lang, value) : value;
  });
}
