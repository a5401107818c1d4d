import { expect, test } from "vitest";
import type { Mix } from "./mix";
import { Sound } from "./sound";

const track = (label: string) => ({ label, stop() {} }) as unknown as MediaStreamTrack;

class FakeMix {
  readonly track = track("mix");
  sources: string[] = [];
  closed = false;

  set(tracks: readonly MediaStreamTrack[]): void {
    this.sources = tracks.map(({ label }) => label);
  }

  close(): void {
    this.closed = true;
  }
}

function sound() {
  const mixes: FakeMix[] = [];
  const made = new Sound(() => {
    const mix = new FakeMix();
    mixes.push(mix);
    return mix as unknown as Mix;
  });
  return { sound: made, mixes };
}

test("alone, each is sent as it is", () => {
  const { sound: one, mixes } = sound();
  expect(one.output()).toBeNull();
  one.microphone = track("microphone");
  expect(one.output()?.label).toBe("microphone");
  one.microphone = null;
  one.screen = track("screen");
  expect(one.output()?.label).toBe("screen");
  expect(mixes).toHaveLength(0);
});

test("together they are one track, which stays when the microphone changes", () => {
  const { sound: one, mixes } = sound();
  one.microphone = track("microphone");
  one.screen = track("screen");
  const mixed = one.output();
  expect([mixed?.label, mixes[0]?.sources]).toEqual(["mix", ["microphone", "screen"]]);
  one.microphone = track("headset");
  expect(one.output()).toBe(mixed);
  expect(mixes[0]?.sources).toEqual(["headset", "screen"]);
});

test("the host chooses what is heard, and a share that ends leaves the microphone", () => {
  const { sound: one, mixes } = sound();
  one.microphone = track("microphone");
  one.screen = track("screen");
  one.output();
  one.choice = "microphone";
  expect([one.output()?.label, mixes[0]?.closed]).toEqual(["microphone", true]);
  expect(one.isHeardWithoutMicrophone).toBe(false);
  one.choice = "screen";
  expect(one.output()?.label).toBe("screen");
  one.choice = "mix";
  one.output();
  one.screen = null;
  expect([one.output()?.label, mixes[1]?.closed]).toEqual(["microphone", true]);
});

test("a browser that cannot mix sends the voice", () => {
  const one = new Sound(() => null);
  one.microphone = track("microphone");
  one.screen = track("screen");
  expect(one.output()?.label).toBe("microphone");
});
