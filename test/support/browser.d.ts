/** Options for puppeteer: a Chrome or Chromium to test in. */
export function findBrowser(): Promise<{
  executablePath: string;
  args: string[];
  headless: true | "shell";
}>;
