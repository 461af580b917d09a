/** A promise that the test opens. */
export interface Gate<T = void> {
  readonly opened: Promise<T>;
  open(value: T): void;
}

export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Waits until `look` gives something other than null, undefined or false; fails after half a minute. */
export async function until<T>(
  look: () => T | Promise<T>,
  seconds = 30,
): Promise<Exclude<T, null | undefined | false>> {
  for (let turn = 0; turn < seconds * 100; turn++) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) {
      return seen as Exclude<T, null | undefined | false>;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`what was waited for did not come within ${seconds} seconds`);
}
