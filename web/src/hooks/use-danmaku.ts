import { type RefObject, useEffect } from "react";
import type { OverPicture } from "../live/danmaku/over-picture";

interface DanmakuInputs extends Omit<OverPicture, "chat"> {
  chat: OverPicture["chat"] | null;
  /** Whether a picture is there and moves. */
  running: boolean;
}

/** Draws the chat over a picture while that runs. */
export function useDanmaku(
  canvas: RefObject<HTMLCanvasElement | null>,
  { chat, choice, running, untilShown }: DanmakuInputs,
): void {
  useEffect(() => {
    const element = canvas.current;
    if (!chat || !element || !running) return;
    let stop: (() => void) | null = null;
    let over = false;
    const start = async () => {
      const { drawOver } = await import("../live/danmaku/over-picture");
      if (!over) stop = drawOver(element, { chat, choice, untilShown });
    };
    // Without it the chat is in its list.
    void start().catch(() => undefined);
    return () => {
      over = true;
      stop?.();
    };
  }, [canvas, chat, choice, running, untilShown]);
}
