import { expect, test } from "vitest";
import { PlayClock } from "./play-clock";

test("it goes as fast as the video, and stands still with it", () => {
  let wallMs = 5_000;
  const clock = new PlayClock(() => wallMs);
  const video = document.createElement("video");
  const is = (state: Record<string, unknown>, event: string) => {
    for (const [name, value] of Object.entries(state)) {
      Object.defineProperty(video, name, { value, configurable: true });
    }
    video.dispatchEvent(new Event(event));
  };
  const stop = clock.follow(video);
  const after = (ms: number) => {
    wallMs += ms;
    return clock.now();
  };
  expect(after(1_000)).toBe(0);
  is({ paused: false, readyState: 4 }, "playing");
  expect(after(1_000)).toBe(1_000);
  is({ playbackRate: 2 }, "ratechange");
  expect(after(1_000)).toBe(3_000);
  is({ readyState: 2 }, "waiting");
  expect([after(1_000), clock.isRunning]).toEqual([3_000, false]);
  is({ readyState: 4 }, "playing");
  expect(after(500)).toBe(4_000);
  is({ paused: true }, "pause");
  expect(after(1_000)).toBe(4_000);
  is({ paused: false }, "play");
  stop();
  expect([after(1_000), clock.isRunning]).toEqual([4_000, false]);
});
