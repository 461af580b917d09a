/* What is made of many measurements, and how it is printed. */

export const percentile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Number.NaN;
export const median = (values) => percentile(values, 0.5);

/** As many digits as mean anything: 0.54, 5.4, 54. */
export function figure(value, unit = "") {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  const digits = Math.abs(value) < 1 ? 2 : Math.abs(value) < 10 ? 1 : 0;
  return `${value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",")}${unit && ` ${unit}`}`;
}
export const ratio = (value) =>
  Number.isFinite(value) ? `${value < 9.95 ? value.toFixed(2) : figure(value)} ×` : "";
export const megabytes = (bytes) => figure(bytes / 1e6, "MB");
export const kilobytes = (bytes) => figure(bytes / 1e3, "kB");

/** A table in columns: the first to the left, the others to the right. */
export function printTable(title, head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => String(cell)));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[0]))).join("   ");
  console.log(`\n${title}\n${cells.map((row) => `  ${line(row)}`).join("\n")}`);
}
