import type { Emit } from "./decoder.js";
import { createProse, MAX_REPLAY, missingBreaks } from "./prose.js";

/** The texts of several messages, of which any may go on: in the order in which they began, a blank line apart. */
export interface Messages {
  textOf(id: string): string | undefined;
  append(id: string, delta: string): void;
  /** All of a message as it is now. */
  set(id: string, now: string): void;
  /** What comes next under this id is another message. */
  end(id: string): void;
  /** Shows what was held back. */
  flush(): void;
}

/** So much may be sent again for the ends of messages, however little text there is. */
const MIN_REPLAY = 65_536;

export function createMessages(emit: Emit, channel?: "reasoning"): Messages {
  const prose = createProse(emit, channel);
  const texts: string[] = [];
  const places = new Map<string, number>();
  let length = 0;
  /** How much has been written that is not shown yet, since all would have to be sent again for it. */
  let unsent = 0;
  /** Whether the last message is shown as it was before. */
  let isStale = false;
  /** How much has been sent again because a message was at its end. */
  let replayed = 0;

  function placeOf(id: string): number {
    const known = places.get(id);
    if (known !== undefined) return known;
    prose.begin();
    places.set(id, texts.length);
    return texts.push("") - 1;
  }

  function flush(): void {
    if (unsent === 0) return;
    prose.replace(texts.reduce((all, text) => all + missingBreaks(all.slice(-2), text) + text));
    unsent = 0;
    isStale = false;
  }

  function showLater(size: number): void {
    unsent += size;
    if (unsent * MAX_REPLAY >= length) flush();
  }

  function append(id: string, delta: string): void {
    if (delta === "") return;
    const place = placeOf(id);
    texts[place] += delta;
    length += delta.length;
    if (place === texts.length - 1 && !isStale) prose.write(delta);
    else showLater(delta.length);
  }

  const textOf = (id: string): string | undefined => texts[places.get(id) ?? -1];

  return {
    textOf,
    append,
    set(id, now) {
      const before = textOf(id) ?? "";
      if (now.startsWith(before)) {
        append(id, now.slice(before.length));
        return;
      }
      const place = placeOf(id);
      texts[place] = now;
      length += now.length - before.length;
      isStale ||= place === texts.length - 1;
      showLater(Math.max(now.length, before.length));
    },
    end(id) {
      places.delete(id);
      if (unsent === 0 || replayed + length > Math.max(MIN_REPLAY, MAX_REPLAY * length)) return;
      replayed += length;
      flush();
    },
    flush,
  };
}
