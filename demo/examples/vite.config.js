import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: path("."),
  base: "/examples/",
  // Not that of the page: each would find the other's out of date.
  cacheDir: path("../node_modules/.vite-examples"),
  plugins: [vue({ template: { compilerOptions: { isCustomElement: (name) => name.includes("-") } } })],
  // The element from its sources, so that a change to it shows at once; Lit without its warnings for developers of it.
  resolve: { conditions: ["ai-progress-stream-source", "module", "browser"] },
  build: {
    target: "es2022",
    outDir: path("../dist/page/examples"),
    emptyOutDir: true,
    rollupOptions: {
      input: ["", "plain/", "react-tag/", "react-hook/", "vue/"].map((page) => path(`./${page}index.html`)),
    },
  },
});
