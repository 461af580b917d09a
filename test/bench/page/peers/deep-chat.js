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
  let renders = 0;
  chat.onComponentRender = () => {
    renders++;
  };
  box.append(chat);
  // It draws itself anew some time after its properties were set, and what was open is then open no more.
  for (let before = -1; renders === 0 || renders !== before; ) {
    before = renders;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  chat.submitUserMessage({ text: "go" });
  const signals = await opened;
  return (delta) => signals.onResponse({ text: delta });
}
