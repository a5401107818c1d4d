import type { Chat } from "../chat";
import { Danmaku } from "./danmaku";
import type { DanmakuChoice } from "./settings";

export interface OverPicture {
  chat: Chat;
  choice: DanmakuChoice;
  /** How long until the picture is shown that was captured at `at`, in milliseconds. */
  untilShown: (at: number) => number;
}

/** Draws the chat on a canvas over a picture until the returned function is called. */
export function drawOver(canvas: HTMLCanvasElement, inputs: OverPicture): () => void {
  const { chat, choice, untilShown } = inputs;
  const context = canvas.getContext("2d");
  if (!context) return () => undefined;
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
    const { clientWidth: width, clientHeight: height } = canvas;
    // More pixels than that cost frames, and nobody sees them.
    const ratio = Math.min(devicePixelRatio, 2);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    danmaku.resize({ width, height, ratio });
  };
  const watch = new ResizeObserver(measure);
  watch.observe(canvas);
  measure();
  const seen = () => danmaku.run(document.visibilityState !== "hidden");
  document.addEventListener("visibilitychange", seen);
  seen();
  const stops = [
    choice.subscribe(() => danmaku.change(choice.getSnapshot())),
    chat.news.add((news) => {
      if ("mids" in news) danmaku.remove(news.mids, news.uid);
      else danmaku.add(news.added, news.added.uid === chat.getSnapshot().me?.uid);
      canvas.dataset.shown = String(danmaku.total);
    }),
  ];
  return () => {
    watch.disconnect();
    document.removeEventListener("visibilitychange", seen);
    for (const stop of stops) stop();
    danmaku.run(false);
    cancelAnimationFrame(frame);
    context.clearRect(0, 0, canvas.width, canvas.height);
  };
}
