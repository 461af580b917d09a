/**
 * Keeps a scroller at its end while text comes in, until the reader scrolls away. The page itself never moves.
 * Marks the scroller with `data-in-sight` while its end is to be seen: elsewhere the browser may skip what comes.
 */
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
 * @param isFollowing - Whether the end is followed at all.
 * @param onChange - Called when either changes: whether there is anything to scroll, whether the end is kept in sight.
 */
export function createAutoscroll(
  scroller: HTMLElement,
  sentinel: Element,
  isFollowing: () => boolean,
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
  const isAtEnd = (): boolean => scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 8;
  /** Where the end is, once more: an observer tells of changes alone. */
  const look = (): void => {
    end.unobserve(sentinel);
    end.observe(sentinel);
  };
  /** What is laid out only on the way may push the end out again. */
  const toEnd = (): void => {
    const { scrollTop } = scroller;
    scroller.scrollTop = scroller.scrollHeight;
    if (scroller.scrollTop !== scrollTop) look();
  };

  // Nothing is measured until the end has first been pushed out of sight: an unlimited height costs no layout.
  const end = new IntersectionObserver(
    (entries) => {
      if (entries.at(-1)?.isIntersecting) return set(overflows, true);
      set(scroller.scrollHeight > scroller.clientHeight, isPinned && isFollowing());
      if (isPinned && overflows) toEnd();
    },
    { root: scroller, rootMargin: "0px 0px 8px 0px" },
  );
  end.observe(sentinel);

  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (target === sentinel) scroller.toggleAttribute("data-in-sight", isIntersecting);
      else if (isIntersecting) look();
    }
  });
  sight.observe(sentinel);
  sight.observe(scroller);

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
    if (isAtEnd()) set(overflows, true);
    else if (scroller.scrollTop < lastTop - 1) unpin();
    lastTop = scroller.scrollTop;
  };
  scroller.addEventListener("wheel", onWheel, { passive: true });
  scroller.addEventListener("touchmove", unpin, { passive: true });
  scroller.addEventListener("keydown", onKey);
  scroller.addEventListener("scroll", onScroll, { passive: true });

  return {
    follow() {
      if (overflows && isPinned && isFollowing()) scroller.scrollTop = scroller.scrollHeight;
    },
    jump() {
      set(overflows, true);
      // What is skipped has no height of its own yet.
      scroller.toggleAttribute("data-in-sight", true);
      toEnd();
    },
    dispose() {
      end.disconnect();
      sight.disconnect();
      scroller.removeEventListener("wheel", onWheel);
      scroller.removeEventListener("touchmove", unpin);
      scroller.removeEventListener("keydown", onKey);
      scroller.removeEventListener("scroll", onScroll);
    },
  };
}
