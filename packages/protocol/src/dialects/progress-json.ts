import {
  broken,
  createDecoder,
  type DialectReader,
  type Emit,
  emitCancelled,
  emitText,
  failure,
} from "./decoder.js";
import type { Dialect } from "./dialect.js";
import { type Fields, fieldsOf, firstString, isFields, stringOf } from "./fields.js";
import { finishReasonOf } from "./finish-reason.js";
import { createGrowingText } from "./growing-text.js";
import {
  fractionOf,
  impliedNameOf,
  isEndFlag,
  isLastWord,
  type Kind,
  kindOf,
  kindOfWord,
  labelOf,
  nameOf,
  namesItem,
  roleOf,
  worded,
} from "./progress-words.js";
import { createUsage, readOpenaiUsage } from "./usage.js";

const resultKeys = ["data", "result", "results", "output"];
const wholeTextKeys = ["response", "total_content", "full_text", "full_content", "answer"];
const deltaKeys = ["chunk", "delta", "token", "content", "text"];
const finishKeys = ["finish_reason", "finishReason", "stop_reason"];
const knownKeys = [
  ...resultKeys,
  ...wholeTextKeys,
  ...deltaKeys,
  ...finishKeys,
  ...["status", "state", "event", "type", "message", "description", "error", "success", "usage"],
  ...["stage", "stage_name", "stageName", "step", "step_name", "stepName", "phase"],
  ...["progress", "percent", "percentage"],
];

/**
 * The streams that people write themselves: messages with a status, a stage, a percentage (`progress`, 0..100), a
 * piece of text or a result, in any of the usual names. One that calls itself complete and holds nothing has failed.
 */
export const progressJsonDialect: Dialect = {
  name: "progress-json",
  framing: "sse",
  createDecoder: () => createDecoder(createReader),
};

function createReader(pass: Emit): DialectReader {
  const updateUsage = createUsage(pass);
  let hasSpoken = false;
  const emit: Emit = (part) => {
    hasSpoken = true;
    pass(part);
  };
  const text = createGrowingText(emit);
  let hasResult = false;
  let fraction = -1;
  let stage = "";
  let hasNames = false;
  let message = "";
  let mayEnd = false;
  let isInResults = false;
  let hasOwnPieces = false;
  /** What an item has come to no good with, as long as nothing comes after it: then it was all that there is. */
  let lone: { readonly kind: Kind; readonly fields: Fields } | null = null;

  function readPieces(fields: Fields, word: string): void {
    const { delta, data } = fields;
    const { content, text: inner } = fieldsOf(delta);
    const pieces = ["chunk", "delta", "token"].map((key) => fields[key]);
    const isTalk = roleOf(word) === "text";
    const said = isTalk ? [fields["content"], fields["text"]] : [];
    const isData = isTalk && nameOf(fields) === "" && fields["progress"] === undefined;
    const piece = firstString(...pieces, content, inner, ...said, isData && data);
    if (word === "thinking" || word === "reasoning") {
      emitText(emit, piece, "reasoning");
      return;
    }
    const shape = `${word} ${Object.keys(fields).join(" ")}`;
    text.add(piece, { shape, isNamedWhole: false, isLast: isLastWord(word) });
    // A name of the whole text, in the middle: it has grown, or it is used for its pieces
    const whole = firstString(...wholeTextKeys.map((key) => fields[key]));
    if (piece === "") text.add(whole, { shape, isNamedWhole: true });
    else if (whole !== "" && text.isBegunBy(whole)) text.settle(whole);
  }

  function readStage(fields: Fields, event: string, kind: Kind): void {
    const named = nameOf(fields);
    hasNames ||= named !== "";
    const isTold = fields["progress"] !== undefined || typeof fields["message"] === "string";
    const name = hasNames || !isTold ? named : impliedNameOf(fields, event);
    if (name !== "" && name !== stage) {
      closeStage();
      stage = name;
      emit({ type: "stage", stage, status: "running", label: labelOf(name), weight: 0 });
    }
    if (kind === "stage-end") closeStage();
  }

  function closeStage(): void {
    if (stage !== "") emit({ type: "stage", stage, status: "done" });
    stage = "";
  }

  function readProgress(fields: Fields, kind: Kind, word: string): void {
    const aside = roleOf(word) === "message" ? [fields["content"], fields["text"]] : [];
    const said = firstString(fields["message"], fields["description"], ...aside);
    const now = fractionOf(fields, kind) ?? -1;
    const hasMoved = now > fraction;
    const isNews = said !== "" && said !== message;
    if (hasMoved) fraction = now;
    if (isNews) message = said;
    if (!hasMoved && !isNews) return;
    emit({ type: "progress", ...(hasMoved ? { fraction } : {}), ...(isNews ? { message } : {}) });
  }

  function readResult(fields: Fields): void {
    const whole = firstString(...wholeTextKeys.map((key) => fields[key]));
    const value = resultKeys.map((key) => fields[key]).find(isSomething) ?? whole;
    const inside = [...wholeTextKeys, "content", "text"].map((key) => fieldsOf(value)[key]);
    const written = firstString(whole, ...inside);
    if (written !== "") text.settle(written);
    else if (typeof value === "string" && value !== "" && text.isBegunBy(value)) text.settle(value);
    if (!isSomething(value)) return;
    hasResult = true;
    emit({ type: "result", value });
  }

  /** The text beside the word of the end: all of it once more, or its last piece. */
  function readLastText(fields: Fields): void {
    const piece = firstString(fields["chunk"], fields["delta"], fields["token"]);
    text.add(piece, { shape: "", isNamedWhole: false });
    text.addLast(firstString(fields["content"], fields["text"]));
  }

  /** DashScope says "null" until then. */
  function readFinish(fields: Fields): boolean {
    const raw = firstString(...finishKeys.map((key) => fields[key]));
    if (raw === "" || raw === "null") return false;
    pass({ type: "finish", reason: finishReasonOf(raw), raw });
    return true;
  }

  /** All is said. Was it anything? What was refused upstream likes to come as an empty success. */
  function close(fields: Fields, hadArrived: boolean): void {
    closeStage();
    if (!text.isEmpty() || hasResult) return;
    const isEmpty = [...resultKeys, ...wholeTextKeys].some((key) => fields[key] === "");
    const said = firstString(fields["message"], fields["description"]);
    if (isEmpty || (said === "" && !hadArrived)) {
      emit(broken("upstream_malformed", "the stream calls itself complete and holds nothing"));
    }
  }

  function fail(kind: Kind, fields: Fields): void {
    if (kind === "error") emit(failure({ ...fieldsOf(fields["data"]), ...fields }));
    else emitCancelled(emit, firstString(fields["message"], kind));
  }

  function readEnd(fields: Fields): void {
    const hadArrived = fraction >= 1;
    readLastText(fields);
    readResult(fields);
    readProgress(fields, "end", "");
    readFinish(fields);
    close(fields, hadArrived);
    emit({ type: "done" });
  }

  /**
   * ERNIE: before its end flag is true, the `result` is a piece of it, and with it the last. Where pieces come under
   * a name of their own, or beside a stage, it is what it is called, and empty until there is one.
   */
  function cutUp(fields: Fields): Fields {
    const { result, ...rest } = fields;
    if (typeof result !== "string") return fields;
    const isOwn = deltaKeys.some((key) => rest[key]);
    hasOwnPieces ||= isOwn;
    const isPiece = result !== "" && !hasOwnPieces && nameOf(rest) === "" && !rest["progress"];
    isInResults ||= isPiece && isBeforeEnd(rest);
    return isInResults && !isOwn ? { ...rest, chunk: result } : fields;
  }

  function readUpdate(fields: Fields, event: string, kind: Kind): void {
    const word = firstString(fields["type"], fields["event"], event);
    hasSpoken = false;
    readStage(fields, event, kind);
    readProgress(fields, kind, word);
    if (kind === "result" || kind === "message-end") readLastText(fields);
    else readPieces(fields, word);
    if (kind === "message-end") text.close();
    const { data, ...rest } = fields;
    const holdsResult = kind === "result" || isSomething(rest["result"]) || isSomething(rest["results"]);
    if (holdsResult) readResult(kind === "result" ? fields : rest);
    if (kind === "stage-end" && isSomething(data)) {
      hasResult = true;
      emit({ type: "result", value: data });
    }
    const isLast =
      readFinish(fields) ||
      holdsResult ||
      kind === "stage-end" ||
      kind === "message-end" ||
      isLastWord(word) ||
      [fields["status"], fields["state"]].some((said) => kindOfWord(stringOf(said)) === "end");
    // What says nothing, a ping or the counts, leaves it at that
    if (isLast || hasSpoken) mayEnd = isLast && !isBeforeEnd(fields);
  }

  return {
    read(json, message) {
      const event = message.event === undefined || message.event === "message" ? "" : message.event;
      // JSON that was cut off says nothing, whatever its event is called
      if (json === undefined && /^\s*[[{"]/.test(message.data)) return false;
      const outer: Fields = typeof json === "string" ? { content: json } : fieldsOf(json);
      const isKnown = (key: string): boolean => knownKeys.includes(key) || isEndFlag(key);
      const told = kindOf(outer, event);
      if (event === "" && told !== "error" && !Object.keys(outer).some(isKnown)) return false;
      const fields = cutUp(worded(opened(outer, told)));
      const kind = kindOf(fields, event);
      if (isFields(fields["usage"])) updateUsage(readOpenaiUsage(fields["usage"]));
      if (isFailing(kind)) fail(kind, fields);
      else if (kind === "end") readEnd(fields);
      else {
        readUpdate(fields, event, kind);
        const alone = namesItem(fields) ? kindOf(fields, event, true) : kind;
        if (isFailing(alone)) lone = { kind: alone, fields };
        else if (hasSpoken) lone = null;
      }
      return true;
    },
    // The end of a stage that is not the last, with nothing to show for it, is none
    isComplete: () =>
      lone !== null || fraction >= 1 || (mayEnd && (fraction < 0 || hasResult || !text.isEmpty())),
    close: () => (lone ? fail(lone.kind, lone.fields) : close({}, fraction >= 1)),
  };
}

const isFailing = (kind: Kind): boolean => kind === "error" || kind === "cancelled";

const isBeforeEnd = (fields: Fields): boolean =>
  Object.keys(fields).some((key) => isEndFlag(key) && fields[key] === false);

/**
 * `{ type, data: { … } }`: before the end the data is an envelope, at the end it is the result, or says that there is
 * none.
 */
function opened(outer: Fields, kind: Kind): Fields {
  const { data, ...rest } = outer;
  const isNamed = ["stage", "step"].some((key) => key in outer) || nameOf(outer) !== "";
  const isOpen = kind === "update" || kind === "message-end" || (kind === "stage-end" && !isNamed);
  if (!isFields(data)) return outer;
  if (/^(end|result|stage-end)$/.test(kind) && /^(error|cancelled)$/.test(kindOf(data, ""))) return data;
  return isOpen ? { ...data, ...rest } : outer;
}

const isSomething = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== "" &&
  !(isFields(value) && Object.keys(value).length === 0);
