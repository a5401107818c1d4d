import { type RefObject, useEffect } from "react";
import type { OverPicture } from "../live/danmaku/over-picture";

interface DanmakuInputs extends Omit<OverPicture, "chat"> {
  chat: OverPicture["chat"] | null;
  /** Whether a picture is there and moves. */
  running: boolean;
}

const load = () => import("../live/danmaku/over-picture");

/** So that it need not be waited for later. */
export function fetchDanmaku(): void {
  void load().catch(() => undefined);
}

/** Draws the chat over a picture while that runs. */
export function useDanmaku(
  canvas: RefObject<HTMLCanvasElement | null>,
  { chat, choice, running, untilShown, clock }: DanmakuInputs,
): void {
  useEffect(() => {
    const element = canvas.current;
    if (!chat || !element || !running) return;
    let stop: (() => void) | null = null;
    let over = false;
    const start = async () => {
      const { drawOver } = await load();
      const inputs = { chat, choice, untilShown, ...(clock ? { clock } : {}) };
      if (!over) stop = drawOver(element, inputs);
    };
    // Without it the chat is in its list.
    void start().catch(() => undefined);
    return () => {
      over = true;
      stop?.();
    };
  }, [canvas, chat, choice, running, untilShown, clock]);
}
