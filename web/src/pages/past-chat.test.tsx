import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../i18n/language";
import { keepPass } from "../live/kept/pass";
import { recall, remember } from "../live/storage";
import { fakeCanvas } from "../testing/fake-canvas";
import { answerBy, linesAt, pastOf, refusal, stubMedia } from "../testing/kept";
import { PastPage } from "./past";

const PASTS = "/api/rooms/demo/recordings";

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  languageStore.choose("en");
  fakeCanvas();
  stubMedia();
  vi.stubGlobal("matchMedia", () => ({
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  for (const [name, size] of [
    ["clientWidth", 1280],
    ["clientHeight", 720],
  ] as const) {
    vi.spyOn(HTMLCanvasElement.prototype, name, "get").mockReturnValue(size);
  }
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const LINES = linesAt([5, "first"], [6, "second"], [602, "in the second part"]);
const video = () => screen.getByTestId<HTMLVideoElement>("past-video");
const texts = () => screen.queryAllByTestId("chat-line").map((line) => line.textContent);
const flown = () => Number(screen.getByTestId("danmaku").dataset.shown ?? 0);

async function open(chat: () => Response) {
  const asked = answerBy({
    [`${PASTS}/01p1`]: () => Response.json(pastOf()),
    [`${PASTS}/01p1/chat`]: chat,
    [PASTS]: () => Response.json({ items: [] }),
    "/api/rooms/demo/clips": () => Response.json([]),
  });
  render(<PastPage room="demo" id="01p1" />);
  await screen.findByTestId("past-video");
  return asked;
}

/** The picture of a file shows another moment: it plays, or the person went there. */
function shows(seconds: number, how: "timeUpdate" | "seeking" = "timeUpdate") {
  Object.defineProperty(video(), "currentTime", { value: seconds, configurable: true });
  act(() => void fireEvent[how](video()));
}

test("what was said comes again as the recording plays, in the list and over the picture", async () => {
  await open(() => Response.json(LINES));
  // The code that draws comes after the page.
  await vi.waitFor(async () => {
    shows(4, "seeking");
    shows(5);
    expect(flown()).toBeGreaterThan(0);
  });
  expect(texts()).toEqual(["Ann: first"]);
  shows(6.2);
  expect(texts()).toEqual(["Ann: first", "Ann: second"]);
});

test("in a later part the time goes on from where it begins, and going back takes lines away", async () => {
  await open(() => Response.json(LINES));
  const [, second] = screen.getAllByTestId("past-part");
  if (!second) throw new Error("there is one part only");
  fireEvent.click(second);
  shows(0, "seeking");
  expect(texts()).toEqual(["Ann: first", "Ann: second"]);
  shows(2.1);
  expect(texts()).toHaveLength(3);
  shows(0.5, "seeking");
  expect(texts()).toHaveLength(2);
});

test("the switch is that of the room, and its choice is kept", async () => {
  remember("danmaku", { on: false });
  await open(() => Response.json(LINES));
  const button = screen.getByTestId("danmaku-switch");
  expect(button.getAttribute("aria-pressed")).toBe("false");
  fireEvent.click(button);
  expect(button.getAttribute("aria-pressed")).toBe("true");
  expect(recall("danmaku")).toMatchObject({ on: true });
});

test.each([
  ["nobody said anything", () => Response.json([])],
  ["the chat cannot be loaded", () => refusal(500, "internal")],
])("where %s the page has no place for it", async (_, chat) => {
  await open(chat);
  for (const id of ["past-chat", "danmaku", "danmaku-switch"]) {
    expect(screen.queryByTestId(id)).toBeNull();
  }
});

test("of a private room the chat is asked for with its pass", async () => {
  keepPass("demo", "a-pass");
  const asked = await open(() => Response.json(LINES));
  expect(asked.map(({ url }) => url)).toContain(`${PASTS}/01p1/chat?pass=a-pass`);
});
