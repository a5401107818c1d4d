import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../i18n/language";
import { connectEarly } from "../live/early-viewer";
import type { ServerMessage } from "../live/protocol";
import {
  FakePeer,
  FakeSocket,
  fakeSignaling,
  keptOf,
  makeFakePeer,
  resetFakes,
  state,
  welcome,
} from "../testing/fakes";
import { stubMedia } from "../testing/kept";
import { WatchPage } from "./watch";

beforeEach(() => {
  resetFakes();
  localStorage.clear();
  languageStore.choose("en");
  stubMedia();
  vi.stubGlobal("MediaStream", class extends EventTarget {});
  vi.stubGlobal("matchMedia", () => ({
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  vi.stubGlobal("fetch", async () => new Response("[]"));
  Element.prototype.scrollIntoView = vi.fn();
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function says(message: ServerMessage) {
  act(() => FakeSocket.last.says(message));
}

/** The page of a broadcast of which so much is kept, with its first frame. */
async function watch(pastS: number) {
  connectEarly({ room: "demo", lang: "en", makePeer: makeFakePeer, signaling: fakeSignaling });
  render(<WatchPage room="demo" />);
  act(() => FakeSocket.last.open());
  says(welcome());
  await act(async () => FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" }));
  await vi.waitFor(() => expect(FakePeer.made).toHaveLength(1));
  act(() => FakePeer.last.becomes("connected"));
  says(state({ rev: 2, live: "live", since: Date.now() - 60_000, kept: keptOf({ pastS }) }));
  const video = screen.getByTestId<HTMLVideoElement>("fan-video");
  Object.defineProperties(video, {
    videoWidth: { value: 640 },
    videoHeight: { value: 360 },
    paused: { value: false },
  });
  act(() => void video.dispatchEvent(new Event("loadeddata")));
  await screen.findByRole("toolbar", { name: "Playback controls" });
}

const asked = () => FakeSocket.last.of("rewind").map(({ type: _, id: __, ...words }) => words);
const key = (name: string, target: Element = document.body) =>
  fireEvent.keyDown(target, { key: name });

test("the keys of the player go back, pause and lead to what is live", async () => {
  await watch(300);
  key("ArrowLeft");
  expect(asked()).toEqual([{ agoMs: 10_000 }]);
  says({ type: "rewound", at: Date.now() - 10_000 });
  expect((await screen.findByTestId("behind")).textContent).toBe("−0:10");
  key("k");
  expect(asked().at(-1)).toEqual({ paused: true });
  await screen.findByTestId("large-play");
  key("k");
  await vi.waitFor(() => expect(asked().at(-1)).toHaveProperty("agoMs"));
  expect(screen.queryByTestId("large-play")).toBeNull();
  fireEvent.click(screen.getByTestId("back-to-live"));
  expect(asked().at(-1)).toEqual({ agoMs: 0 });
  says({ type: "rewound" });
  expect(screen.queryByTestId("back-to-live")).toBeNull();
});

test("the bar leads to where it is dragged, and says where that is", async () => {
  await watch(300);
  const bar = await screen.findByTestId<HTMLInputElement>("seek");
  expect([bar.min, bar.max, bar.value]).toEqual(["-60", "0", "0"]);
  expect(bar.getAttribute("aria-valuetext")).toBe("Live");
  fireEvent.change(bar, { target: { value: "-42" } });
  expect(asked()).toEqual([{ agoMs: 42_000 }]);
  expect(bar.getAttribute("aria-valuetext")).toBe("00:42 behind live");
  fireEvent.pointerUp(bar);
  fireEvent.click(screen.getByTestId("catch-up"));
  says({ type: "rewound", at: Date.now() - 42_000 });
  expect(asked().at(-1)).toEqual({ fast: true });
  expect(screen.getByTestId("catch-up").getAttribute("aria-pressed")).toBe("true");
});

test("where nothing is kept a pause is the browser's, and there is no bar", async () => {
  await watch(0);
  const pause = vi.spyOn(HTMLMediaElement.prototype, "pause").mockReturnValue();
  key("ArrowLeft");
  key("l");
  key("k");
  expect(pause).toHaveBeenCalled();
  expect(asked()).toEqual([]);
  expect(screen.queryByTestId("seek-row")).toBeNull();
});

test("who is on stage does not go back", async () => {
  await watch(300);
  await screen.findByTestId("seek-row");
  says({ type: "stage", step: "accepted" });
  expect(screen.queryByTestId("seek-row")).toBeNull();
  key("ArrowLeft");
  expect(asked()).toEqual([]);
});
