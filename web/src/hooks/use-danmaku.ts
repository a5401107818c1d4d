import { type RefObject, useEffect } from "react";
import type { Chat } from "../live/chat";
import { Danmaku } from "../live/danmaku/danmaku";
import type { DanmakuChoice } from "../live/danmaku/settings";

interface DanmakuInputs {
  chat: Chat | null;
  choice: DanmakuChoice;
  /** Whether a picture is there and moves. */
  running: boolean;
  /** How long until the picture is shown that was captured at `at`, in milliseconds. */
  untilShown: (at: number) => number;
}

/** Draws the chat over a picture for as long as the canvas is there. */
export function useDanmaku(
  canvas: RefObject<HTMLCanvasElement | null>,
  { chat, choice, running, untilShown }: DanmakuInputs,
): void {
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!chat || !element || !context || !running) return;
    let frame = 0;
    const draw = () => {
      frame = danmaku.frame(context) ? requestAnimationFrame(draw) : 0;
    };
    const danmaku = new Danmaku(choice.getSnapshot(), {
      now: () => performance.now(),
      untilShown,
      schedule: () => {
        if (frame === 0) frame = requestAnimationFrame(draw);
      },
    });
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      const ratio = Math.min(devicePixelRatio, 2);
      element.width = width * ratio;
      element.height = height * ratio;
      danmaku.resize({ width, height, ratio });
    };
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    measure();
    const seen = () => danmaku.run(document.visibilityState !== "hidden");
    document.addEventListener("visibilitychange", seen);
    seen();
    const stops = [
      choice.subscribe(() => danmaku.change(choice.getSnapshot())),
      chat.news.add((news) => {
        if ("mids" in news) danmaku.remove(news.mids, news.uid);
        else danmaku.add(news.added, news.added.uid === chat.getSnapshot().me?.uid);
        element.dataset.shown = String(danmaku.total);
      }),
    ];
    return () => {
      cancelAnimationFrame(frame);
      watch.disconnect();
      document.removeEventListener("visibilitychange", seen);
      for (const stop of stops) stop();
      danmaku.run(false);
      context.clearRect(0, 0, element.width, element.height);
    };
  }, [canvas, chat, choice, running, untilShown]);
}
