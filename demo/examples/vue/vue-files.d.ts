declare module "*.vue" {
  import type { Component } from "vue";

  const component: Component;
  // biome-ignore lint/style/noDefaultExport: that is what Vue's compiler makes of a file
  export default component;
}
