/* deep-chat, fed through its own `connect.handler` with `stream`, as it would be by a service. */
import "deep-chat";

export async function open(box) {
  const chat = document.createElement("deep-chat");
  Object.assign(chat.style, { display: "block", width: "100%", height: "480px", border: "none" });
  const opened = new Promise((resolve) => {
    chat.connect = {
      stream: true,
      handler(_body, signals) {
        signals.onOpen();
        resolve(signals);
      },
    };
  });
  const isRendered = new Promise((resolve) => {
    chat.onComponentRender = resolve;
  });
  box.append(chat);
  await isRendered;
  chat.submitUserMessage({ text: "go" });
  const signals = await opened;
  return (delta) => signals.onResponse({ text: delta });
}
