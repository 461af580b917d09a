/** Keeps a scroller at its end while text comes in, until the reader scrolls away. The page itself never moves. */
export interface Autoscroll {
  /** After each write. */
  follow(): void;
  /** To the end, and stay there. */
  jump(): void;
  dispose(): void;
}

const UPWARD_KEYS = new Set(["ArrowUp", "PageUp", "Home"]);

/**
 * @param scroller - What scrolls, once its content is taller than it.
 * @param sentinel - An empty element after the content.
 * @param onChange - Called when either changes: whether there is anything to scroll, whether the end is followed.
 */
export function createAutoscroll(
  scroller: HTMLElement,
  sentinel: Element,
  onChange: (overflows: boolean, isPinned: boolean) => void,
): Autoscroll {
  let overflows = false;
  let isPinned = true;
  const set = (nextOverflows: boolean, nextPinned: boolean): void => {
    if (nextOverflows === overflows && nextPinned === isPinned) return;
    overflows = nextOverflows;
    isPinned = nextPinned;
    onChange(overflows, isPinned);
  };
  const toEnd = (): void => {
    scroller.scrollTop = scroller.scrollHeight;
  };

  // Nothing is measured until the end has first been pushed out of sight: an unlimited height costs no layout.
  const observer = new IntersectionObserver(
    ([...entries]) => {
      const isAtEnd = entries.at(-1)?.isIntersecting ?? true;
      if (isAtEnd) return set(overflows, true);
      set(scroller.scrollHeight > scroller.clientHeight, isPinned);
      if (isPinned && overflows) toEnd();
    },
    { root: scroller, rootMargin: "0px 0px 8px 0px" },
  );
  observer.observe(sentinel);

  const unpin = (): void => {
    if (overflows) set(overflows, false);
  };
  const onWheel = (event: WheelEvent): void => {
    if (event.deltaY < 0) unpin();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (UPWARD_KEYS.has(event.key)) unpin();
  };
  // A scrollbar is dragged without wheel, touch or key: moving up while pinned can only be the reader.
  let lastTop = 0;
  const onScroll = (): void => {
    const isAtEnd = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 8;
    if (isAtEnd) set(overflows, true);
    else if (scroller.scrollTop < lastTop - 1) unpin();
    lastTop = scroller.scrollTop;
  };
  scroller.addEventListener("wheel", onWheel, { passive: true });
  scroller.addEventListener("touchmove", unpin, { passive: true });
  scroller.addEventListener("keydown", onKey);
  scroller.addEventListener("scroll", onScroll, { passive: true });

  return {
    follow() {
      if (overflows && isPinned) toEnd();
    },
    jump() {
      set(overflows, true);
      toEnd();
    },
    dispose() {
      observer.disconnect();
      scroller.removeEventListener("wheel", onWheel);
      scroller.removeEventListener("touchmove", unpin);
      scroller.removeEventListener("keydown", onKey);
      scroller.removeEventListener("scroll", onScroll);
    },
  };
}
