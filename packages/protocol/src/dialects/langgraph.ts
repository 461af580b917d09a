import { createDecoder, type DialectReader, type Emit } from "./decoder.js";
import type { Dialect } from "./dialect.js";
import { entryOf, type Fields, fieldsOf, firstString, isFields, itemsOf, stringOf } from "./fields.js";
import { createMessages } from "./messages.js";

const known =
  /^(metadata|values|updates|tasks|debug|custom|messages|messages\/\w+|data|end|lifecycle|tools|checkpoints|events)$/;

const lifecycle = { started: "running", completed: "done", failed: "failed" } as const;

/** A piece longer than a token that equals all before it is the message again, and no piece. */
const MIN_REPEATED_LENGTH = 16;

/**
 * LangGraph's platform, and LangServe: text out of the messages, stages out of the nodes. Its end is the
 * connection's: the stream is complete if no node is still at work.
 */
export const langgraphDialect: Dialect = {
  name: "langgraph",
  framing: "sse",
  createDecoder: () => createDecoder(createReader),
};

function createReader(emit: Emit): DialectReader {
  /** Nodes that run in parallel write their messages by turns. */
  const answer = createMessages(emit);
  const reasoning = createMessages(emit, "reasoning");
  /** The messages whose chunks are called so: what has another name is all of them again. */
  const chunked = new Set<string>();
  const running = new Set<string>();
  let hasTokens = false;
  let hasToldInterrupt = false;

  /** A message that is sent anew with every token, whole. */
  function readWhole(message: Fields, id = stringOf(message["id"])): void {
    if (!isAnswer(message)) return;
    const thought = thoughtOf(message);
    // The message as a whole may leave it out
    if (thought !== "") reasoning.set(id, thought);
    answer.set(id, textOf(message["content"]));
  }

  function flush(): void {
    reasoning.flush();
    answer.flush();
  }

  /**
   * `messages`: a pair of a chunk and what is known of it; whole messages where a node does not stream. Servers in
   * Python call a chunk AIMessageChunk and a whole message `ai`, those in JavaScript call both `ai`.
   */
  function readPair(message: Fields): void {
    hasTokens = true;
    if (!isAnswer(message)) return;
    const id = stringOf(message["id"]);
    const text = textOf(message["content"]);
    const isChunk = message["type"] === "AIMessageChunk";
    if (isChunk) chunked.add(id);
    const isAgain = text.length >= MIN_REPEATED_LENGTH && text === answer.textOf(id);
    if (!isChunk && (chunked.has(id) || isAgain)) return;
    reasoning.append(id, thoughtOf(message));
    answer.append(id, text);
  }

  function readBlockEvent(data: Fields): void {
    const { event, delta } = data;
    const { type, text, reasoning: thought } = fieldsOf(delta);
    if (event === "message-start") answer.end("");
    if (event !== "content-block-delta") return;
    if (type === "text-delta") answer.append("", stringOf(text));
    else if (type === "reasoning-delta") reasoning.append("", stringOf(thought));
  }

  /** The last answer in a graph's state: only where nothing streams the messages themselves. */
  function readValues(values: Fields): void {
    readInterrupt(values);
    const all = itemsOf(values["messages"]);
    const newest = fieldsOf(all.at(-1));
    if (!hasTokens) readWhole(newest, firstString(newest["id"], `#${all.length}`));
  }

  /** What each node has added: its messages, where nothing streams them; by their ids, which a state repeats. */
  function readUpdates(nodes: Fields): void {
    readInterrupt(nodes);
    for (const [node, added] of Object.entries(nodes)) {
      readNode(node, "done");
      for (const item of itemsOf(fieldsOf(added)["messages"])) {
        const message = fieldsOf(item);
        if (!hasTokens && stringOf(message["id"]) !== "") readWhole(message);
      }
    }
  }

  /** The graph waits for somebody. Its state says the same once more. */
  function readInterrupt(fields: Fields): void {
    const value = fields["__interrupt__"];
    if (value === undefined || hasToldInterrupt) return;
    hasToldInterrupt = true;
    emit({ type: "custom", name: "interrupt", value });
  }

  function readNode(name: string, status: "running" | "done" | "failed"): void {
    if (name === "" || name.startsWith("__")) return;
    const stage = `node:${name}`;
    if (status === "running") running.add(stage);
    else running.delete(stage);
    emit({ type: "stage", stage, status, label: name, weight: 0 });
  }

  /** `debug` names what it tells of in `type`; `tasks` sends the payload alone, with a result once there is one. */
  function readTask(event: string, data: Fields): void {
    const task = event === "debug" ? fieldsOf(data["payload"]) : data;
    const type = event === "debug" ? data["type"] : "result" in task ? "task_result" : "task";
    if (type !== "task" && type !== "task_result") return;
    const ended = task["error"] ? "failed" : "done";
    readNode(stringOf(task["name"]), type === "task" ? "running" : ended);
  }

  function readLifecycle(data: Fields, namespace: string): void {
    const name = firstString(data["graph_name"], data["name"], namespace);
    const status = entryOf(lifecycle, data["event"]);
    if (status) readNode(name, status);
  }

  return {
    read(json, message) {
      const outer = fieldsOf(json);
      // The newer protocol wraps what it sends; a subgraph's events are `updates|namespace`
      const params = fieldsOf(outer["params"]);
      const isWrapped = typeof outer["method"] === "string";
      const name = isWrapped ? stringOf(outer["method"]) : (message.event ?? "");
      const event = name.split("|")[0] ?? "";
      const data = isWrapped ? params["data"] : json;
      const fields = fieldsOf(data);
      if (!known.test(event)) return false;
      switch (event) {
        case "messages/partial":
        case "messages/complete":
          hasTokens = true;
          for (const item of itemsOf(data)) readWhole(fieldsOf(item));
          break;
        case "messages": {
          const first = Array.isArray(data) ? fieldsOf(data[0]) : fields;
          if (typeof first["event"] === "string") readBlockEvent(first);
          else readPair(first);
          break;
        }
        case "values":
          readValues(fields);
          break;
        case "updates":
          readUpdates(fields);
          break;
        case "debug":
        case "tasks":
          readTask(event, fields);
          break;
        case "lifecycle":
          readLifecycle(fields, itemsOf(params["namespace"]).join("|"));
          break;
        case "custom":
          emit({ type: "custom", name: "custom", value: data ?? null });
          break;
        // LangServe: a string, or a message's chunk
        case "data":
          answer.append("", typeof data === "string" ? data : textOf(fields["content"] ?? fields["output"]));
          break;
        case "end":
          emit({ type: "done" });
          break;
      }
      return true;
    },
    isComplete: () => running.size === 0,
    flush,
  };
}

const isAnswer = (message: Fields): boolean =>
  message["type"] === "ai" || message["type"] === "AIMessageChunk" || message["role"] === "assistant";

/** DeepSeek's thoughts stand beside the content, Anthropic's and OpenAI's are blocks of it. */
const thoughtOf = (message: Fields): string =>
  stringOf(fieldsOf(message["additional_kwargs"])["reasoning_content"]) ||
  itemsOf(message["content"])
    .map((block) => firstString(fieldsOf(block)["thinking"], fieldsOf(block)["reasoning"]))
    .join("");

/** A message's content: a string, or a list of blocks of which some are text. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return itemsOf(content)
    .map((block) => (isFields(block) ? stringOf(block["text"]) : stringOf(block)))
    .join("");
}
