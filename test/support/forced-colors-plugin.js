/** The command `force-colors` of the element's tests: high contrast on or off, where the browser is Chromium. */
export const forcedColorsPlugin = () => ({
  name: "force-colors",
  async executeCommand({ command, payload, session }) {
    if (command !== "force-colors") return undefined;
    const page = session.browser.getPage(session.id);
    // Not known to this puppeteer, but to the browser. What it emulates ends with its session.
    const client = await page.createCDPSession();
    const features = [{ name: "forced-colors", value: payload ? "active" : "none" }];
    await client.send("Emulation.setEmulatedMedia", { features });
    return true;
  },
});
