import { type PointerEvent, useRef } from "react";

interface TouchActions {
  /** Where, in pixels from the element's corner. */
  onDoubleTap: (at: { x: number; y: number }) => void;
  onSwipe: (direction: "left" | "right") => void;
}

const DOUBLE_MS = 300;
/** Two taps of one place. */
const NEAR_PX = 40;
const SWIPE_PX = 70;

/** Gestures of a finger on the picture itself; a mouse has none of them. */
export function useTouch({ onDoubleTap, onSwipe }: TouchActions) {
  const down = useRef<{ x: number; y: number } | null>(null);
  const tap = useRef({ atMs: 0, x: 0, y: 0 });
  return {
    onPointerDown: (event: PointerEvent) => {
      const isPicture = event.target instanceof HTMLVideoElement;
      const isTouch = event.pointerType === "touch";
      down.current = isTouch && isPicture ? { x: event.clientX, y: event.clientY } : null;
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      const from = down.current;
      down.current = null;
      if (from === null) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (Math.abs(dx) > SWIPE_PX && Math.abs(dx) > 2 * Math.abs(dy)) {
        onSwipe(dx > 0 ? "right" : "left");
        return;
      }
      const last = tap.current;
      const isNear = Math.hypot(last.x - event.clientX, last.y - event.clientY) < NEAR_PX;
      const isDouble = event.timeStamp - last.atMs < DOUBLE_MS && isNear;
      // A third tap right after is another like.
      tap.current = { atMs: event.timeStamp, x: event.clientX, y: event.clientY };
      if (!isDouble) return;
      const { left, top } = event.currentTarget.getBoundingClientRect();
      onDoubleTap({ x: event.clientX - left, y: event.clientY - top });
    },
    onPointerCancel: () => {
      down.current = null;
    },
  };
}
