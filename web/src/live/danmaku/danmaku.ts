import { CHAT_COLORS } from "../chat-colors";
import type { ChatItem, ChatMode } from "../protocol";
import { type Flight, FlyingLanes, leftOf, STANDING_MS, StandingLanes } from "./lanes";
import type { DanmakuArea, DanmakuDensity, DanmakuSettings, DanmakuSize } from "./settings";
import { type Sprite, Sprites } from "./sprites";

/** Longer ones stand in the list only. */
export const FLYING_MAX = 40;
/** Equal messages within this after the last of them are one with a number. */
const MERGE_MS = 500;
const MERGE_MAX = 99;
/** Messages that wait for their picture; the oldest goes. */
const WAITING_MAX = 100;
/** No picture is further behind than this; a time beyond it is a wrong clock. */
const WAIT_MAX_MS = 10_000;
/** So late a message may start when all lanes are taken; one's own waits longer. */
const PATIENCE_MS = 700;
const OWN_PATIENCE_MS = 5_000;

const SIZE_PX: Record<DanmakuSize, number> = { small: 18, medium: 24, large: 32 };
const AREA: Record<DanmakuArea, number> = { quarter: 0.25, half: 0.5, full: 1 };
/** Between two messages of a lane, as a share of the width. */
const GAP: Record<DanmakuDensity, number> = { few: 0.5, normal: 0.08, many: 0.02 };
/** So wide a picture has letters of full size. */
const FULL_SIZE_FROM_PX = 640;
/** The controls are there. */
const BOTTOM_PX = 64;

interface Message {
  text: string;
  color: string;
  mode: ChatMode;
  own: boolean;
  uid: string;
  mid: number;
}

interface Shown extends Message {
  sprite: Sprite;
  lane: number;
  flight: Flight;
  untilMs: number;
  n: number;
  /** Until when an equal one is counted with it. */
  mergeUntilMs: number;
}

interface Stage {
  width: number;
  height: number;
  ratio: number;
}

export interface DanmakuDeps {
  now: () => number;
  /** How long until the picture is shown that was captured then; 0 or less: it was. */
  untilShown: (at: number) => number;
  /** Asks for a call of `frame`. */
  schedule: () => void;
}

/** Messages over the picture (弹幕): which are where, and drawing them. */
export class Danmaku {
  readonly #deps: DanmakuDeps;
  readonly #sprites = new Sprites();
  #settings: DanmakuSettings;
  #stage: Stage = { width: 0, height: 0, ratio: 1 };
  #flying = new FlyingLanes(0, 0, 0);
  #top = new StandingLanes(0);
  #bottom = new StandingLanes(0);
  #shown: Shown[] = [];
  #waiting: { atMs: number; message: Message }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = true;
  /** How many were shown so far, merged ones once. */
  total = 0;

  constructor(settings: DanmakuSettings, deps: DanmakuDeps) {
    this.#settings = settings;
    this.#deps = deps;
  }

  /** What is shown now, for who looks at it from outside. */
  get texts(): string[] {
    return this.#shown.map(written);
  }

  change(settings: DanmakuSettings): void {
    this.#settings = settings;
    if (!settings.on) this.clear();
    this.#layOut();
  }

  /** The picture has this size, in CSS pixels. */
  resize(stage: Stage): void {
    const { width, height, ratio } = this.#stage;
    if (width === stage.width && height === stage.height && ratio === stage.ratio) return;
    this.#stage = stage;
    this.clear();
    this.#layOut();
  }

  /** Not running, since nobody sees it or the picture stands still: nothing is shown, nor later. */
  run(running: boolean): void {
    if (running === this.#running) return;
    this.#running = running;
    if (!running) this.clear();
  }

  add(item: ChatItem, own: boolean): void {
    const isShort = item.text !== undefined && [...item.text].length <= FLYING_MAX;
    if (!this.#settings.on || !this.#running || !isShort) return;
    const { mode, color } = item.style ?? { mode: "scroll", color: "white" };
    const { text, uid, mid } = item;
    const message = { text, uid, mid, mode, own, color: CHAT_COLORS[color] ?? CHAT_COLORS.white };
    const waitMs = item.at === undefined ? 0 : this.#deps.untilShown(item.at);
    // Who writes sees it at once.
    if (own || waitMs <= 0 || waitMs > WAIT_MAX_MS) this.#show(message);
    else this.#wait(message, waitMs);
  }

  /** Lines were taken away. */
  remove(mids: readonly number[], uid?: string): void {
    const isGone = (one: Message) => mids.includes(one.mid) || one.uid === uid;
    this.#waiting = this.#waiting.filter(({ message }) => !isGone(message));
    this.#keep((one) => !isGone(one));
    this.#deps.schedule();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#keep(() => false);
    this.#layOut();
    this.#deps.schedule();
  }

  /** Draws all, and forgets what is gone. True: there is more to draw. */
  frame(context: CanvasRenderingContext2D): boolean {
    const nowMs = this.#deps.now();
    const { width, height, ratio } = this.#stage;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#keep(({ untilMs }) => untilMs > nowMs);
    context.globalAlpha = this.#settings.opacity;
    for (const one of this.#shown) {
      const { canvas, width: w, height: h } = one.sprite;
      const x = one.mode === "scroll" ? leftOf(one.flight, nowMs, width) : (width - w) / 2;
      context.drawImage(canvas, Math.round(x * ratio) / ratio, this.#yOf(one), w, h);
    }
    return this.#shown.length > 0;
  }

  #yOf({ mode, lane }: Shown): number {
    const line = this.#linePx();
    if (mode === "bottom") return this.#stage.height - BOTTOM_PX - (lane + 1) * line;
    return 8 + lane * line;
  }

  #sizePx(): number {
    const scale = Math.min(1, Math.max(0.62, this.#stage.width / FULL_SIZE_FROM_PX));
    return Math.round(SIZE_PX[this.#settings.size] * scale);
  }

  #linePx(): number {
    return Math.ceil(this.#sizePx() * 1.5);
  }

  #layOut(): void {
    const { width, height } = this.#stage;
    const { area, density } = this.#settings;
    const usable = Math.max(0, height - BOTTOM_PX - 8);
    const count = Math.floor((usable * AREA[area]) / this.#linePx());
    this.#flying = new FlyingLanes(width, width * GAP[density], count);
    this.#top = new StandingLanes(count);
    this.#bottom = new StandingLanes(Math.floor(count / 2));
  }

  #wait(message: Message, waitMs: number): void {
    this.#waiting = [...this.#waiting, { atMs: this.#deps.now() + waitMs, message }]
      .sort((a, b) => a.atMs - b.atMs)
      .slice(-WAITING_MAX);
    this.#wake();
  }

  #wake(): void {
    clearTimeout(this.#timer);
    const [next] = this.#waiting;
    if (!next) return;
    this.#timer = setTimeout(
      () => {
        const nowMs = this.#deps.now();
        const due = this.#waiting.filter(({ atMs }) => atMs <= nowMs);
        this.#waiting = this.#waiting.filter(({ atMs }) => atMs > nowMs);
        for (const { message } of due) this.#show(message);
        this.#wake();
      },
      Math.max(0, next.atMs - this.#deps.now()),
    );
  }

  #show(message: Message): void {
    const nowMs = this.#deps.now();
    if (this.#merge(message, nowMs)) return;
    const sprite = this.#draw(message, 1);
    if (!sprite) return;
    const place = this.#place(message, sprite, nowMs);
    if (place === null) {
      this.#sprites.free(sprite);
      return;
    }
    const mergeUntilMs = nowMs + MERGE_MS;
    this.#shown.push({ ...message, ...place, sprite, n: 1, mergeUntilMs });
    this.total += 1;
    this.#deps.schedule();
  }

  #place(
    { mode, own }: Message,
    { width }: Sprite,
    nowMs: number,
  ): Pick<Shown, "lane" | "flight" | "untilMs"> | null {
    if (mode === "scroll") {
      const taken = this.#flying.take(nowMs, width, own ? OWN_PATIENCE_MS : PATIENCE_MS);
      if (!taken) return null;
      const { startMs, speed } = taken.flight;
      return { ...taken, untilMs: startMs + (this.#stage.width + width) / speed };
    }
    const lane = (mode === "top" ? this.#top : this.#bottom).take(nowMs, own);
    if (lane === null) return null;
    const flight = { startMs: nowMs, widthPx: width, speed: 0 };
    return { lane, flight, untilMs: nowMs + STANDING_MS };
  }

  /** True: an equal one that is still at its beginning counts it. */
  #merge(message: Message, nowMs: number): boolean {
    const same = this.#shown.find(
      (one) => one.text === message.text && one.mode === message.mode && one.mergeUntilMs >= nowMs,
    );
    if (!same) return false;
    same.own ||= message.own;
    same.n = Math.min(same.n + 1, MERGE_MAX);
    same.mergeUntilMs = nowMs + MERGE_MS;
    const sprite = this.#draw(same, same.n);
    if (!sprite) return true;
    this.#sprites.free(same.sprite);
    same.sprite = sprite;
    // It keeps its speed, so its end leaves a little later.
    if (same.mode === "scroll") {
      same.untilMs = same.flight.startMs + (this.#stage.width + sprite.width) / same.flight.speed;
      this.#flying.grow(same.lane, sprite.width);
    }
    this.#deps.schedule();
    return true;
  }

  #draw(message: Message, n: number): Sprite | null {
    const text = written({ ...message, n });
    return this.#sprites.draw(text, message.color, this.#sizePx(), message.own, this.#stage.ratio);
  }

  #keep(wanted: (one: Shown) => boolean): void {
    const kept: Shown[] = [];
    for (const one of this.#shown) {
      if (wanted(one)) kept.push(one);
      else this.#sprites.free(one.sprite);
    }
    this.#shown = kept;
  }
}

function written({ text, n }: Pick<Shown, "text" | "n">): string {
  return n === 1 ? text : `${text} ×${n}`;
}
