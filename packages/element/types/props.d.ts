/* Written by `npm run docs` from the sources of the element. */
import type {
  AiBeforeStartEvent,
  AiCancelEvent,
  AiDoneEvent,
  AiErrorEvent,
  AiProgressEvent,
  AiReconnectEvent,
  AiRunEvent,
  AiStageEvent,
  AiStartEvent,
  AiStateEvent,
  AiTextEvent,
  AiProgressStream,
} from "@ai-progress-stream/element/element";

/** The element's properties, as a framework sets them. */
export interface AiProgressStreamProps {
  /** Where runs are started: the mounted endpoint. Nothing is sent before a start is meant. Without it there is no button. */
  action?: AiProgressStream["action"];
  /** How a run is started. With "GET" the input goes into the query: for other back ends; ours takes POST only. */
  method?: AiProgressStream["method"];
  /** The language of the server: `run` is our own protocol; `openai-chat`, `openai-responses`, `anthropic`, `gemini`, `ollama`, `cohere`, `ai-sdk`, `ag-ui`, `langgraph` are those of others, `progress-json` is whatever people write themselves, `text` is text as it is. `auto` tells which, but for `text`. A stream of somebody else's cannot be resumed. */
  dialect?: AiProgressStream["dialect"];
  /** Id of the form whose submit starts a run with what it holds. Attribute `for`. */
  htmlFor?: AiProgressStream["htmlFor"];
  /** The input where `start()` is given none; as an attribute, JSON. A form's fields are laid over it. */
  body?: AiProgressStream["body"];
  /** Headers of every request, or a function that is asked anew at each attempt. No attribute. */
  headers?: AiProgressStream["headers"];
  /** Whether cookies are sent, as of `fetch`. */
  credentials?: AiProgressStream["credentials"];
  /** Starts as soon as it is in the document. It costs what a start costs, at every visit. */
  autostart?: AiProgressStream["autostart"];
  /** "session": a reload finds its run again. Where a page has several elements of one action, each needs an id. */
  persist?: AiProgressStream["persist"];
  /** A run to attach to: its id, or its URL. */
  runId?: AiProgressStream["runId"];
  /** Where a run is cancelled, with `{run}` in place of its id. */
  cancelUrl?: AiProgressStream["cancelUrl"];
  /** Where a run is attached to, with `{run}` in place of its id. It wins over the address that the server names, and the one to cancel at follows from it: behind a proxy that takes a prefix off the path, `/back/api/chat/{run}`. */
  resumeUrl?: AiProgressStream["resumeUrl"];
  /** Attempts after a lost connection. */
  maxRetries?: AiProgressStream["maxRetries"];
  /** Milliseconds of silence after which a connection counts as lost, where the server promised no heartbeat. 0: never. */
  idleTimeout?: AiProgressStream["idleTimeout"];
  /** Milliseconds after which a connection is given up, however lively it is. 0: never. */
  totalTimeout?: AiProgressStream["totalTimeout"];
  /** The stages to expect, shown before the start; as an attribute, JSON: `[{"id", "label", "weight"}]`. */
  stages?: AiProgressStream["stages"];
  /** How stages are shown: as a list until text comes, always as a list, only as a bar, not at all. */
  stagesView?: AiProgressStream["stagesView"];
  /** How the answer is written: as it is, or as Markdown. */
  format?: AiProgressStream["format"];
  /** Schemes of the links in Markdown; others are shown as text. */
  allowedLinkSchemes?: AiProgressStream["allowedLinkSchemes"];
  /** Origins that images in Markdown are loaded from; others become links. */
  allowedImageOrigins?: AiProgressStream["allowedImageOrigins"];
  /** "on" keeps the end of the text in sight where `--ai-max-height` makes it scroll; "off" does not. */
  autoscroll?: AiProgressStream["autoscroll"];
  /** What a screen reader is told: milestones, finished sentences too, only the end, nothing. */
  announce?: AiProgressStream["announce"];
  /** Which figures are shown: any of `elapsed tokens cost`. */
  show?: AiProgressStream["show"];
  /** ISO 4217; of costs that name no currency. */
  currency?: AiProgressStream["currency"];
  /** What the job is: "Summarise this contract". */
  label?: AiProgressStream["label"];
  /** Texts of the element's own, by name, in place of its language's. */
  labels?: AiProgressStream["labels"];
  /** Sends the finished text along with the form that the element stands in, under this name. A reset of the form is one of the element then, unless a run is under way. */
  name?: AiProgressStream["name"];
}

/** Attributes whose names are not those of their properties. */
export interface AiProgressStreamAttributes {
  /** As `htmlFor`. */
  "for"?: AiProgressStream["htmlFor"];
  /** As `runId`. */
  "run-id"?: AiProgressStream["runId"];
  /** As `cancelUrl`. */
  "cancel-url"?: AiProgressStream["cancelUrl"];
  /** As `resumeUrl`. */
  "resume-url"?: AiProgressStream["resumeUrl"];
  /** As `maxRetries`. */
  "max-retries"?: number | string;
  /** As `idleTimeout`. */
  "idle-timeout"?: number | string;
  /** As `totalTimeout`. */
  "total-timeout"?: number | string;
  /** As `stagesView`. */
  "stages-view"?: AiProgressStream["stagesView"];
  /** As `allowedLinkSchemes`. */
  "allowed-link-schemes"?: AiProgressStream["allowedLinkSchemes"];
  /** As `allowedImageOrigins`. */
  "allowed-image-origins"?: AiProgressStream["allowedImageOrigins"];
}

/** The element's events. */
export interface AiProgressStreamEvents {
  /** Cancelable. A run is about to be started with `detail.input`. */
  "ai-before-start": AiBeforeStartEvent;
  /** The server has taken the run on. */
  "ai-start": AiStartEvent;
  /** `state` has changed. */
  "ai-state": AiStateEvent;
  /** A stage has changed its status. */
  "ai-stage": AiStageEvent;
  /** Progress has changed; at most once a frame. */
  "ai-progress": AiProgressEvent;
  /** The text has changed; at most once a frame. */
  "ai-text": AiTextEvent;
  /** An event of the protocol. */
  "ai-event": AiRunEvent;
  /** The connection is lost; another attempt is due. */
  "ai-reconnect": AiReconnectEvent;
  /** The run was cancelled. */
  "ai-cancel": AiCancelEvent;
  /** Cancelable. The run has failed; `preventDefault()` keeps the notice away. */
  "ai-error": AiErrorEvent;
  /** The run has succeeded. */
  "ai-done": AiDoneEvent;
}
