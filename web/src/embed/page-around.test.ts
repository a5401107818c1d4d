import { beforeEach, expect, test, vi } from "vitest";
import { PageAround, type Told } from "./page-around";

/** A window of its own, whose parent notes what it is told. */
class FakeWindow extends EventTarget {
  parent: FakeWindow = this;
  readonly told: [unknown, string][] = [];

  postMessage(data: unknown, origin: string): void {
    this.told.push([data, origin]);
  }

  hears(data: unknown, source: unknown, origin = "https://blog.example"): void {
    const event = new MessageEvent("message", { data, origin });
    Object.defineProperty(event, "source", { value: source });
    this.dispatchEvent(event);
  }
}

const NOW: Told = {
  room: "demo",
  state: "live",
  paused: false,
  muted: true,
  volume: 1,
  title: "demo",
};
const handlers = { play: vi.fn(), pause: vi.fn(), mute: vi.fn(), unmute: vi.fn(), volume: vi.fn() };
let frame: FakeWindow;
let page: FakeWindow;

beforeEach(() => {
  vi.clearAllMocks();
  frame = new FakeWindow();
  page = new FakeWindow();
  frame.parent = page;
});

const open = () => new PageAround(handlers, frame as unknown as Window);

test("the page around plays, pauses, mutes and sets the volume", () => {
  open();
  for (const kaibo of ["play", "pause", "mute", "unmute"] as const) {
    frame.hears({ kaibo }, page);
    expect(handlers[kaibo]).toHaveBeenCalledOnce();
  }
  frame.hears({ kaibo: "volume", value: 0.25 }, page);
  for (const value of [2, -1, "1", Number.NaN, undefined])
    frame.hears({ kaibo: "volume", value }, page);
  expect(handlers.volume.mock.calls).toEqual([[0.25]]);
});

test("nobody else is heard, and nonsense does nothing", () => {
  open();
  for (const source of [frame, new FakeWindow(), null]) frame.hears({ kaibo: "play" }, source);
  for (const data of [null, "play", 5, {}, { kaibo: "constructor" }, { kaibo: ["play"] }])
    frame.hears(data, page);
  expect(handlers.play).not.toHaveBeenCalled();
});

test("the state is told to who listens, by its own origin, whenever it changes", () => {
  const around = open();
  expect(page.told).toEqual([[{ kaibo: "ready" }, "*"]]);
  around.tell(NOW);
  expect(page.told).toHaveLength(1);
  frame.hears({ kaibo: "listen" }, page);
  expect(page.told.at(-1)).toEqual([{ kaibo: "state", ...NOW }, "https://blog.example"]);
  around.tell({ ...NOW });
  expect(page.told).toHaveLength(2);
  around.tell({ ...NOW, paused: true });
  expect(page.told.at(-1)).toEqual([
    { kaibo: "state", ...NOW, paused: true },
    "https://blog.example",
  ]);
});

test("a page whose origin has no name is answered all the same", () => {
  const around = open();
  around.tell(NOW);
  frame.hears({ kaibo: "listen" }, page, "null");
  expect(page.told.at(-1)?.[1]).toBe("*");
});

test("an embed in a tab of its own tells nobody", () => {
  frame.parent = frame;
  const around = open();
  frame.hears({ kaibo: "listen" }, frame);
  around.tell(NOW);
  expect(frame.told).toEqual([]);
});
