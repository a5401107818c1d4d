import type Hls from "hls.js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hlsUrl, playHls } from "./hls-player";

type Handler = (event: string, data: { fatal: boolean; type: string }) => void;

/** hls.js, with the test in the place of the network. */
class FakeHls {
  static made: FakeHls[] = [];
  static Events = { ERROR: "hlsError" };
  static ErrorTypes = { MEDIA_ERROR: "mediaError" };
  static DefaultConfig = { playlistLoadPolicy: { default: {} } };
  static isSupported = () => true;
  readonly config: Record<string, unknown>;
  source: string | null = null;
  liveSyncPosition: number | null = null;
  destroyed = false;
  mended = 0;
  #failed: Handler = () => undefined;

  constructor(config: Record<string, unknown>) {
    this.config = config;
    FakeHls.made.push(this);
  }

  on(_: string, handler: Handler) {
    this.#failed = handler;
  }
  loadSource(url: string) {
    this.source = url;
  }
  attachMedia() {}
  recoverMediaError() {
    this.mended += 1;
  }
  destroy() {
    this.destroyed = true;
  }
  fails(type: string, fatal = true) {
    this.#failed("hlsError", { type, fatal });
  }
}

let stop = () => {};
let refused: boolean[] = [];
let statuses: number[] = [];
let video: HTMLVideoElement;
const load = vi.fn(async () => FakeHls as unknown as typeof Hls);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaSource", class {});
  vi.stubGlobal("fetch", async () => new Response(null, { status: statuses.shift() ?? 200 }));
  vi.spyOn(HTMLMediaElement.prototype, "load").mockReturnValue();
  FakeHls.made = [];
  refused = [];
  statuses = [];
  load.mockClear();
  video = document.createElement("video");
});

afterEach(() => {
  stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function play() {
  stop = playHls(video, "/hls/demo/index.m3u8", {
    load,
    refused: (isUnfit) => refused.push(isUnfit),
  });
  await vi.advanceTimersByTimeAsync(0);
}

test("the address names the room, and its pass where it has one", () => {
  expect(hlsUrl("直播", null)).toBe("/hls/%E7%9B%B4%E6%92%AD/index.m3u8");
  expect(hlsUrl("demo", "a b")).toBe("/hls/demo/index.m3u8?pass=a%20b");
});

test("plays with as little delay as there can be, without a worker", async () => {
  await play();
  expect(FakeHls.made).toHaveLength(1);
  expect(FakeHls.made[0]?.config).toMatchObject({ enableWorker: false, lowLatencyMode: true });
  expect(FakeHls.made[0]?.source).toBe("/hls/demo/index.m3u8");
});

test.each([
  [406, true],
  [415, true],
  [404, false],
])("what the server refuses with %i is over", async (status, isUnfit) => {
  statuses = [status];
  await play();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(refused).toEqual([isUnfit]);
  expect(FakeHls.made).toHaveLength(0);
});

test("a host that is away for a moment, and code that does not come, are tried again", async () => {
  statuses = [409, 200];
  await play();
  load.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeHls.made).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeHls.made).toHaveLength(1);
});

test("a fault of the decoder is mended once; whatever else ends it begins anew", async () => {
  await play();
  const [first] = FakeHls.made;
  first?.fails("networkError", false);
  first?.fails("mediaError");
  expect([first?.mended, first?.destroyed]).toEqual([1, false]);
  first?.fails("mediaError");
  expect(first?.destroyed).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeHls.made).toHaveLength(2);
});

test("who paused for long goes on with what is live", async () => {
  await play();
  const [hls] = FakeHls.made;
  if (hls) hls.liveSyncPosition = 40;
  video.currentTime = 20;
  video.dispatchEvent(new Event("play"));
  expect(video.currentTime).toBe(40);
});

test("nothing is left behind", async () => {
  await play();
  FakeHls.made[0]?.fails("networkError");
  stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(FakeHls.made).toHaveLength(1);
  expect(FakeHls.made[0]?.destroyed).toBe(true);
});
