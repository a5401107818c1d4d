import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { ChatLine } from "../live/chat-lines";

/** So near to the end, in pixels, is at the end. */
const NEAR = 32;

/** Keeps a list at its newest line until the person scrolls up, and counts what comes then. */
export function useFollowing(lines: readonly ChatLine[], waiting: number) {
  const list = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  /** The newest line that the person saw before scrolling up. */
  const [lastSeen, setLastSeen] = useState<string | null>(null);

  const toEnd = () => {
    setFollowing(true);
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  };
  const scrolled = () => {
    const element = list.current;
    if (!element) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    if (isAtEnd === following) return;
    setFollowing(isAtEnd);
    setLastSeen(lines.at(-1)?.key ?? null);
  };

  // What the person says itself is always seen.
  useLayoutEffect(() => {
    if (waiting > 0) setFollowing(true);
  }, [waiting]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line moves the end
  useLayoutEffect(() => {
    const element = list.current;
    if (element && following) element.scrollTop = element.scrollHeight;
  }, [lines, waiting, following]);
  useEffect(() => {
    const element = list.current;
    if (!element || !following || typeof ResizeObserver === "undefined") return;
    const watch = new ResizeObserver(() => {
      element.scrollTop = element.scrollHeight;
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, [following]);

  const seen = lines.findIndex(({ key }) => key === lastSeen);
  const unread = following ? 0 : lines.slice(seen + 1).filter(({ kind }) => kind === "text").length;
  return { list, following, unread, scrolled, toEnd };
}
