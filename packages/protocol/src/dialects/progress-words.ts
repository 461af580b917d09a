import { countOf, type Fields, firstString, isFields, numberOf, stringOf } from "./fields.js";
import { isBareError } from "./upstream-error.js";

/** What a message of a home-made stream is. */
export type Kind = "update" | "stage-end" | "message-end" | "result" | "end" | "cancelled" | "error";

/** Where such streams put the name of a stage; `stage` and `step` may also hold its number. */
const nameKeys = [
  "stage_name",
  "stageName",
  "step_name",
  "stepName",
  "stage",
  "step",
  "phase",
  "current_step",
];
const totalKeys = ["total_stages", "totalStages", "total_steps", "totalSteps", "estimatedSteps", "total"];

const list = (words: string): ReadonlySet<string> => new Set(words.split(" "));
const endWords = list(
  "complete completed done finished finish success succeeded end ended final stop close eos eof",
);
const errorWords = list("error errored failed failure exception");
const cancelWords = list("cancelled canceled aborted abort stopped revoked");
/**
 * `task_completed` is the end of all, `stage_completed` of a part, `message_completed` of all if nothing comes after
 * it, `tool_completed` of none.
 */
const wholes = list(
  "task job run stream request workflow process processing generation completion response session chat conversation all",
);
const stages = list("stage step phase");
const messages = list("message answer reply query assistant agent turn");
/** `final_answer` is the last of the answers, in one piece or in several. */
const lastWord = /^final[^a-z]?(answer|response|result|output|message)$/i;
/** `{ "is_final": true }`, `{ "stop": true }` */
const endFlag = /^(is_?)?(done|finished|completed?|final|stop|end)$/i;
/** A text in a message that is called so tells what is being done. */
const aside = list("status progress log info stage step phase update");
/** A text in these is nobody's: of a tool, or of the connection. */
const mute = list("tool ping heartbeat metadata debug connected citation source sources");
/** What says so is at it again, or tells of others. */
const others = list("stage step phase log info retry retrying item file");
/** Whom a message is about that is not about all: one of several, or a tool. */
const itemKeys = /^(item|file|filename|tool|row|record)([_-]?(name|index|number|no))?$/i;
/** With those, the words that say what a message is and not what is being done. */
const generic = list(
  "message chunk content text delta token data result start started running in active ok open event streaming " +
    "pending thinking reasoning answer response",
);
/** Stages that are no stages: some servers tell the end by them. */
const lastStages = list("complete completed done finished");
/** What is longer is no word, and a megabyte of it takes its time to be split. */
const MAX_WORD_LENGTH = 64;

/** "stageComplete", "stage_complete", "stage:complete" */
const partsOf = (word: string): string[] =>
  word.length > MAX_WORD_LENGTH
    ? []
    : word
        .replace(/([a-z])([A-Z])/g, "$1 $2")
        .toLowerCase()
        .split(/[^a-z0-9]+/)
        .filter(Boolean);

export function kindOfWord(word: string): Kind {
  const parts = partsOf(word);
  const last = parts.at(-1) ?? "";
  const subject = parts.length === 2 ? (parts[0] ?? "") : "";
  const isStage = stages.has(subject);
  if (messages.has(subject) && endWords.has(last)) return "message-end";
  if (parts.length > 1 && !isStage && !wholes.has(subject)) return "update";
  if (errorWords.has(last) || (last === "timeout" && !isStage)) return "error";
  if (cancelWords.has(last)) return "cancelled";
  if (endWords.has(last)) return isStage ? "stage-end" : "end";
  return last === "result" ? "result" : "update";
}

/**
 * What a message is, by every word and flag that it says it with; the gravest one counts.
 * @param isAlone - Whether the item that it is about is all that there is
 */
export function kindOf(fields: Fields, event: string, isAlone = false): Kind {
  if (fields["error"] || fields["success"] === false) return "error";
  const words = [event, fields["event"], fields["type"]].map(stringOf);
  const isItems = isOfOthers(words) || (!isAlone && namesItem(fields));
  // What a tool or a single stage says so is not yet the failure of all
  const isOfAll = !isItems && nameOf(fields) === "" && words.every((word) => roleOf(word) === "text");
  if (isOfAll && (fields["ok"] === false || isBareError(fields))) return "error";
  const kinds = words.map((word) => (isItems && isTimeout(word) ? "update" : kindOfWord(word)));
  const told = toldBy(fields, words, isItems);
  const isAt = (words: ReadonlySet<string>, keys: readonly string[]) =>
    keys.some((key) => words.has(stringOf(fields[key]).toLowerCase()));
  if (kinds.includes("error") || told.includes("error") || isAt(errorWords, nameKeys)) return "error";
  if (kinds.includes("cancelled") || told.includes("cancelled")) return "cancelled";
  if (kinds.includes("end") || Object.keys(fields).some((key) => isEndFlag(key) && isTrue(fields[key])))
    return "end";
  if (isAt(lastStages, ["stage", "step"]) && (fractionOf(fields, "end") ?? 1) === 1) return "end";
  if (kinds.includes("stage-end")) return "stage-end";
  if (kinds.includes("message-end")) return "message-end";
  if (told.includes("end") && !hasPiece(fields)) {
    // Beside a stage that is not the last, "completed" is that stage's
    const fraction = fractionOf(fields, "stage-end");
    const isWhole = nameOf(fields) === "" && !isNumbered(fields) && !isUnderWay(fields);
    return isWhole || fraction === 1 ? "end" : "stage-end";
  }
  return kinds.includes("result") ? "result" : "update";
}

/** What the status and the state come to, if they are those of all. */
function toldBy(fields: Fields, words: readonly string[], isItems: boolean): readonly Kind[] {
  if (isOfTool(words)) return [];
  return ["status", "state"].flatMap((key) => {
    const word = stringOf(fields[key]);
    return isItems && (key === "state" || isTimeout(word)) ? [] : [kindOfWord(word)];
  });
}

const isTimeout = (word: string): boolean => partsOf(word).at(-1) === "timeout";

const isOfTool = (words: readonly string[]): boolean => words.some((word) => roleOf(word) === "nothing");

const isOfOthers = (words: readonly string[]): boolean =>
  isOfTool(words) || words.some((word) => partsOf(word).some((part) => others.has(part)));

export const namesItem = (fields: Fields): boolean =>
  Object.keys(fields).some((key) => itemKeys.test(key) && fields[key] !== null && fields[key] !== "");

/**
 * A state of "done" at 30 % is a part's. At 0 and at 1 it may be that nobody counts, or that 1 is all. A status is that
 * of all: some bars stand at 95 % when it says so.
 */
function isUnderWay(fields: Fields): boolean {
  if (kindOfWord(stringOf(fields["status"])) === "end") return false;
  const fraction = fractionOf(fields, "stage-end") ?? 1;
  const isCounted = fields["progress"] === undefined && fields["percent"] === undefined;
  if (isCounted && fields["state"] === undefined) return false;
  return fraction > (isCounted ? 0 : 0.01) && fraction < 1;
}

/** It tells of one stage of several, by its number. */
const isNumbered = (fields: Fields): boolean =>
  totalOf(fields) !== undefined && numberOfStage(fields) !== undefined;

export const isLastWord = (word: string): boolean => lastWord.test(word);

export const isEndFlag = (key: string): boolean => endFlag.test(key);

const isTrue = (value: unknown): boolean => value === true || value === "true";

/** A piece of the text. Beside one, "status": "success" is how some servers begin every message. */
const hasPiece = (fields: Fields): boolean =>
  ["chunk", "delta", "token"].some((key) => fields[key]) ||
  ([fields["status"], fields["state"]].includes("success") && ["content", "text"].some((key) => fields[key]));

/** What a text beside a word like this is: what is being done, nothing to show, or the answer's text. */
export function roleOf(word: string): "message" | "nothing" | "text" {
  const parts = partsOf(word);
  if (parts.some((part) => mute.has(part))) return "nothing";
  return parts.some((part) => aside.has(part)) ? "message" : "text";
}

/** Celery: the status is the `state`, in capitals, and `status` holds what there is to say. */
export function worded(fields: Fields): Fields {
  const { state, status } = fields;
  if (typeof status !== "string" || !/^[A-Z]{5,}$/.test(stringOf(state))) return fields;
  return { ...fields, status: state, message: firstString(fields["message"], status) };
}

/** The name of the stage that a message is about; empty where it names none. */
export const nameOf = (fields: Fields): string => firstString(...nameKeys.map((key) => fields[key]));

const isGeneric = (word: string): boolean => aside.has(word) || mute.has(word) || generic.has(word);

/** A name that stands in a field meant for something else: `{ "status": "uploading" }`. */
export const impliedNameOf = (fields: Fields, event: string): string =>
  firstString(
    ...[fields["status"], fields["event"], fields["type"], event].filter(
      (word) => typeof word === "string" && !partsOf(word).every(isGeneric),
    ),
  );

/** A name as a person reads it: "sending_request" is "Sending request". */
export function labelOf(name: string): string {
  if (!/^[a-z0-9]+([_-][a-z0-9]+)*$/.test(name)) return name;
  return name.charAt(0).toUpperCase() + name.slice(1).replaceAll(/[_-]/g, " ");
}

/** How far all of it is, 0..1: said as a percentage, counted, or told by the number of the stage. */
export function fractionOf(fields: Fields, kind: Kind): number | undefined {
  const { progress } = fields;
  const said = [progress, fields["percent"], fields["percentage"]]
    .map(percentOf)
    .find((value) => value !== undefined);
  if (said !== undefined) return clamp(said / 100);
  const counts = isFields(progress) ? progress : fields;
  const completed = countOf(counts["completed"] ?? counts["current"]);
  const total = totalOf(counts);
  if (total === undefined || total <= 0) return undefined;
  if (completed !== undefined) return clamp(completed / total);
  // Some count past their total
  const number = numberOfStage(fields);
  return number === undefined ? undefined : clamp((kind === "stage-end" ? number : number - 1) / total);
}

const totalOf = (counts: Fields): number | undefined =>
  totalKeys.map((key) => numberOf(counts[key])).find((value) => value !== undefined);

const numberOfStage = (fields: Fields): number | undefined =>
  numberOf(fields["stage"]) ?? numberOf(fields["step"]) ?? numberOf(fields["current_step"]);

function percentOf(value: unknown): number | undefined {
  if (isFields(value)) return percentOf(value["percent"] ?? value["percentage"]);
  if (typeof value !== "string") return numberOf(value);
  return numberOf(Number.parseFloat(value));
}

const clamp = (fraction: number): number => Math.min(1, Math.max(0, fraction));
