import { mountScene, useFakeSessions } from "../support/mount.js";
import { scenes } from "../support/scenes.js";

/** Every state at once. `?scheme=dark&lang=de&dir=rtl&width=narrow` changes how, `only=running,done` which. */
const wish = new URLSearchParams(location.search);
const root = document.documentElement;
root.lang = wish.get("lang") ?? "en";
root.dir = wish.get("dir") ?? "ltr";
root.style.colorScheme = wish.get("scheme") ?? "light";
document.body.classList.add(wish.get("width") ?? "wide");

const only = wish.get("only")?.split(",") ?? null;

useFakeSessions();
console.error = () => {};
for (const scene of scenes) {
  if (only && !only.includes(scene.name)) continue;
  const box = document.createElement("div");
  const title = document.createElement("h2");
  title.textContent = scene.name;
  box.append(title);
  document.body.append(box);
  await mountScene(scene, box);
}
// What waits on purpose before it is shown, and the bars, come to rest.
setTimeout(() => root.setAttribute("data-ready", ""), 1_200);
