export type Alignment = "left" | "center" | "right" | "";

const MOST_COLUMNS = 100;

/** The cells of a row. `\|` parts none, not even within code. https://github.github.com/gfm/#tables-extension- */
export function splitRow(line: string): string[] {
  const text = line.trim();
  const cells: string[] = [];
  let from = text[0] === "|" ? 1 : 0;
  let cell = "";
  for (const { 0: found, index } of text.slice(from).matchAll(/\\.|\|/gs)) {
    const at = index + (text[0] === "|" ? 1 : 0);
    cell += text.slice(from, at);
    from = at + found.length;
    if (found === "|") {
      cells.push(cell.trim());
      cell = "";
    } else cell += found === "\\|" ? "|" : found;
  }
  const last = (cell + text.slice(from)).trim();
  return last ? [...cells, last] : cells;
}

/** How the columns are set, as the line under a table's head says it: `|:--|--:|`. Null: it is no such line. */
export function readAlignments(line: string): Alignment[] | null {
  if (!line.includes("|")) return null;
  const cells = splitRow(line).map((cell) => /^(:?)-+(:?)$/.exec(cell));
  if (cells.length === 0 || cells.length > MOST_COLUMNS) return null;
  const alignments: Alignment[] = [];
  for (const cell of cells) {
    if (!cell) return null;
    const [, left, right] = cell;
    alignments.push(right ? (left ? "center" : "right") : left ? "left" : "");
  }
  return alignments;
}

/** No more cells than the head has. GFM drops what is over; here it stays, in the last cell, for it was said. */
export const fitRow = (cells: readonly string[], columns: number): string[] =>
  cells.length > columns
    ? [...cells.slice(0, columns - 1), cells.slice(columns - 1).join(" | ")]
    : [...cells];
