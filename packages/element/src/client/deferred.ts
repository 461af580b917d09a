/** A promise and what settles it. (`Promise.withResolvers` is newer than the browsers that are served.) */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly isSettled: boolean;
  resolve(value: T): void;
}

export function createDeferred<T>(): Deferred<T> {
  let settle: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  const deferred = {
    promise,
    isSettled: false,
    resolve(value: T) {
      deferred.isSettled = true;
      settle(value);
    },
  };
  return deferred;
}
