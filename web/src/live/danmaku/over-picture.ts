import type { ChatNews } from "../chat";
import type { Listeners } from "../listeners";
import type { ChatItem } from "../protocol";
import { Danmaku } from "./danmaku";
import type { PlayClock } from "./play-clock";
import type { DanmakuChoice } from "./settings";

/** What is new in a chat. `cleared`: what was said before is not of the picture that is seen now. */
export type DanmakuNews = ChatNews | { cleared: true };

/** The chat of a room, or that of a recording. */
export interface DanmakuSource {
  news: Pick<Listeners<DanmakuNews>, "add">;
  isOwn: (item: ChatItem) => boolean;
}

export interface OverPicture {
  chat: DanmakuSource;
  choice: DanmakuChoice;
  /** How long until the picture is shown that was captured at `at`, in milliseconds. */
  untilShown: (at: number) => number;
  /** Of a recording; else messages fly by the clock on the wall. */
  clock?: PlayClock;
}

/** Draws the chat on a canvas over a picture until the returned function is called. */
export function drawOver(canvas: HTMLCanvasElement, inputs: OverPicture): () => void {
  const { chat, choice, untilShown, clock } = inputs;
  const context = canvas.getContext("2d");
  if (!context) return () => undefined;
  let frame = 0;
  const draw = () => {
    const isLeft = danmaku.frame(context);
    // What stands still need not be drawn again.
    frame = isLeft && clock?.isRunning !== false ? requestAnimationFrame(draw) : 0;
  };
  const schedule = () => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  const danmaku = new Danmaku(choice.getSnapshot(), {
    now: clock?.now ?? (() => performance.now()),
    untilShown,
    schedule,
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
  const heard = (news: DanmakuNews) => {
    if ("cleared" in news) danmaku.clear();
    else if ("mids" in news) danmaku.remove(news.mids, news.uid);
    else danmaku.add(news.added, chat.isOwn(news.added));
    canvas.dataset.shown = String(danmaku.total);
  };
  const stops = [
    choice.subscribe(() => danmaku.change(choice.getSnapshot())),
    chat.news.add(heard),
    clock?.changed.add(schedule),
  ];
  return () => {
    watch.disconnect();
    document.removeEventListener("visibilitychange", seen);
    for (const stop of stops) stop?.();
    danmaku.run(false);
    cancelAnimationFrame(frame);
    context.clearRect(0, 0, canvas.width, canvas.height);
  };
}
