import "@ai-progress-stream/element";

/* The page's own JavaScript: who answers, and the switch that pulls the network. The jobs need none. */

const network = document.querySelector("#network");
network.addEventListener("change", () => setNetwork(network.checked));
// A browser that reloads may leave the switch as it was. The page need not wait for the server to know it.
void setNetwork(network.checked);

const { provider, canCut } = await (await fetch("/health")).json();
document.querySelector("#provider").hidden = provider !== "simulated";
document.querySelector("footer").hidden = !canCut;

/** The server cuts this browser's streams, and takes no new ones until the switch is on again. */
async function setNetwork(online) {
  await fetch("/demo/network", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ online }),
  });
  if (online) window.dispatchEvent(new Event("online"));
}
