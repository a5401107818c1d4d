import { type RefObject, useEffect, useState } from "react";

const IDLE_MS = 2_500;

/** Whether nobody has moved over the element for a while: then its controls may go. */
export function useIdle(target: RefObject<HTMLElement | null>): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const element = target.current;
    if (!element) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wake = () => {
      setIdle(false);
      clearTimeout(timer);
      timer = setTimeout(() => setIdle(true), IDLE_MS);
    };
    const rest = (event: PointerEvent) => {
      if (event.pointerType === "mouse") setIdle(true);
    };
    const events = ["pointermove", "pointerdown", "keydown", "focusin"] as const;
    for (const event of events) element.addEventListener(event, wake);
    element.addEventListener("pointerleave", rest);
    wake();
    return () => {
      clearTimeout(timer);
      for (const event of events) element.removeEventListener(event, wake);
      element.removeEventListener("pointerleave", rest);
    };
  }, [target]);
  return idle;
}
