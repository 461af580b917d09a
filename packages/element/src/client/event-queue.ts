/** An async iterator that is filled from outside. */
export interface EventQueue<T> extends AsyncIterableIterator<T> {
  push(value: T): void;
  /** What is queued is still handed out. */
  close(): void;
}

export function createEventQueue<T>(onReturn: () => void): EventQueue<T> {
  const values: T[] = [];
  const waiting: ((result: IteratorResult<T>) => void)[] = [];
  let isClosed = false;
  const close = (): void => {
    isClosed = true;
    for (const resolve of waiting.splice(0)) resolve({ done: true, value: undefined });
  };
  return {
    push: (value) => {
      if (isClosed) return;
      const resolve = waiting.shift();
      if (resolve) resolve({ done: false, value });
      else values.push(value);
    },
    close,
    next: () => {
      const [value] = values;
      if (values.length > 0) {
        values.shift();
        return Promise.resolve({ done: false, value: value as T });
      }
      if (isClosed) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve) => waiting.push(resolve));
    },
    return: () => {
      values.length = 0;
      close();
      onReturn();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
