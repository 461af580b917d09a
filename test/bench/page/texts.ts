const words =
  "either party may terminate this agreement on sixty days written notice liability is capped at the fees paid in the preceding twelve months except for breaches of confidentiality and indemnified claims".split(
    " ",
  );

function sentence(seed: number): string {
  const length = 8 + (seed % 11);
  const parts = Array.from(
    { length },
    (_, index) => words[(seed * 7 + index * (1 + (seed % 5))) % words.length],
  );
  return `${parts.join(" ")}.`;
}
const paragraph = (seed: number): string =>
  Array.from({ length: 3 + (seed % 4) }, (_, index) => sentence(seed * 13 + index)).join(" ");

function grow(bytes: number, part: (seed: number) => string): string {
  let text = "";
  for (let seed = 0; text.length < bytes; seed++) text += part(seed);
  return text.slice(0, bytes);
}

/** Paragraphs, as a model writes prose. */
export const plainText = (bytes: number): string => grow(bytes, (seed) => `${paragraph(seed)}\n\n`);

/** Sections with a heading, emphasis, a list, now and then code or a table. */
export const markdownText = (bytes: number): string =>
  grow(bytes, (seed) => {
    const list = Array.from(
      { length: 4 },
      (_, index) => `- **item ${index}** ${sentence(seed + index)}\n`,
    ).join("");
    const code = `\`\`\`js\n${Array.from({ length: 12 }, (_, index) => `const value_${index} = compute(${seed});\n`).join("")}\`\`\`\n\n`;
    const table = `| a | b |\n|---|---|\n${`| ${sentence(seed)} | 2 |\n`.repeat(5)}\n`;
    return `### Section ${seed}\n\n${paragraph(seed)} with \`code\` and [a link](https://example.com/${seed}).\n\n${list}\n${seed % 3 === 0 ? code : ""}${seed % 5 === 0 ? table : ""}`;
  });
