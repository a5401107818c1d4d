import { act, cleanup, configure, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../i18n/language";
import { connectEarly } from "../live/early-viewer";
import { keptPass } from "../live/kept/pass";
import type { Kept, ServerMessage } from "../live/protocol";
import {
  FakeSocket,
  fakeSignaling,
  keptOf,
  makeFakePeer,
  resetFakes,
  state,
  welcome,
} from "../testing/fakes";
import { answerBy, clipOf, pastOf } from "../testing/kept";
import { WatchPage } from "./watch";

// A busy machine takes longer than the second of the default.
configure({ asyncUtilTimeout: 4_000 });

const PASTS = "/api/rooms/demo/recordings";
const CLIPS = "/api/rooms/demo/clips";
let holding: string[];

beforeEach(() => {
  holding = [];
  resetFakes();
  localStorage.clear();
  sessionStorage.clear();
  languageStore.choose("en");
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: holding.some((one) => query.includes(one)),
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const asksForPast = (asked: { url: string }[]) =>
  asked.filter(({ url }) => url.startsWith(PASTS)).map(({ url }) => url);

function serve(pasts = [pastOf()]) {
  return answerBy({
    "/api/rooms": () => Response.json([]),
    [PASTS]: () => Response.json({ items: pasts }),
    [CLIPS]: () => Response.json([clipOf()]),
  });
}

/** The page of a room with its server behind it. */
function open() {
  connectEarly({ room: "demo", lang: "en", makePeer: makeFakePeer, signaling: fakeSignaling });
  render(<WatchPage room="demo" />);
  act(() => FakeSocket.last.open());
  says(welcome());
}

function says(message: ServerMessage) {
  act(() => FakeSocket.last.says(message));
}

const live = (kept: Partial<Kept>, rev = 2) =>
  says(state({ rev, live: "live", since: Date.now() - 5_000, kept: keptOf(kept) }));

/** jsdom has no popovers. */
async function openMenu() {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  const button = await screen.findByRole("button", { name: "More" });
  const panel = button.parentElement?.querySelector("[popover]");
  act(() => void panel?.dispatchEvent(Object.assign(new Event("toggle"), { newState: "open" })));
}

test("people know that a broadcast is recorded, and when it is no more", async () => {
  serve();
  open();
  live({ recording: true });
  const mark = await screen.findByTestId("rec-mark");
  expect(mark.title).toBe("This broadcast is being recorded");
  expect(mark.textContent).toContain("REC");
  live({ recording: false }, 3);
  expect(screen.queryByTestId("rec-mark")).toBeNull();
});

test("whoever watches makes a clip where that is allowed, and nowhere else", async () => {
  serve();
  open();
  live({ clips: false, pastS: 300 });
  await screen.findByTestId("open-past");
  expect(screen.queryByTestId("clip")).toBeNull();
  live({ clips: true, pastS: 300 }, 3);
  fireEvent.click(await screen.findByTestId("clip"));
  await screen.findByTestId("clip-dialog");
});

test("on a phone the menu has what there is no room for", async () => {
  holding = ["max-width: 899px"];
  serve();
  open();
  live({ clips: true, pastS: 300, recording: true });
  const stage = screen.getByTestId("fan-state");
  expect(stage.contains(await screen.findByTestId("rec-mark"))).toBe(true);
  expect(screen.queryByTestId("clip")).toBeNull();
  await openMenu();
  fireEvent.click(await screen.findByTestId("open-clip"));
  await screen.findByTestId("clip-dialog");
});

test("what was before is below a room in which nobody is live, and asked for by nobody else", async () => {
  const asked = serve();
  open();
  const past = await screen.findByTestId("room-past");
  await screen.findByText("Friday night");
  expect(past.querySelector("a")?.getAttribute("href")).toBe("/r/demo/past/01p1");
  expect(asksForPast(asked)).toEqual([PASTS]);
  live({});
  expect(screen.queryByTestId("room-past")).toBeNull();
  expect(asksForPast(asked)).toHaveLength(1);
  fireEvent.click(await screen.findByTestId("open-past"));
  await screen.findByTestId("past-dialog");
  await screen.findByText("Friday night");
});

test("who saw the end asks a moment later: the last file is being closed, and all saw it", async () => {
  const asked = serve();
  open();
  await screen.findByTestId("room-past");
  live({});
  vi.useFakeTimers();
  says(state({ rev: 3, live: "ended" }));
  await act(() => vi.advanceTimersByTimeAsync(2_900));
  expect(asksForPast(asked)).toHaveLength(1);
  await act(() => vi.advanceTimersByTimeAsync(7_200));
  expect(asksForPast(asked)).toHaveLength(2);
  expect(screen.getByTestId("room-past")).not.toBeNull();
});

test("a private room gives the page its pass, for all that is kept of it", async () => {
  const asked = serve();
  open();
  says(state({ rev: 2, kept: keptOf({ pass: "5f-ab" }) }));
  await screen.findByTestId("room-past");
  expect(asksForPast(asked).at(-1)).toBe(`${PASTS}?pass=5f-ab`);
  expect(keptPass("demo")).toBe("5f-ab");
  const clip = screen.getByTestId("clips").querySelector("a");
  expect(clip?.getAttribute("href")).toBe("/c/01c1#room=demo");
});
