import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../i18n/language";
import { connectEarly } from "../live/early-viewer";
import type { ServerMessage } from "../live/protocol";
import {
  FakeSocket,
  fakeSignaling,
  makeFakePeer,
  resetFakes,
  state,
  welcome,
} from "../testing/fakes";
import { WatchPage } from "./watch";

const ROWS = 11;

/** The media queries that hold. */
let holding: string[] = [];

beforeEach(() => {
  holding = [];
  resetFakes();
  localStorage.clear();
  languageStore.choose("en");
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: holding.some((one) => query.includes(one)),
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

const live = (more = {}) => state({ rev: 2, live: "live", since: Date.now() - 5_000, ...more });
const key = (name: string, target: Element | Window = window) =>
  fireEvent.keyDown(target, { key: name });
const stage = () => screen.getByTestId("fan-state");

test("the figures are over the picture's corner, and on a phone held upright below it", async () => {
  open();
  says(live());
  key("s");
  const stats = await screen.findByTestId("stats");
  expect(stats.querySelectorAll("dt")).toHaveLength(ROWS);
  expect(stage().contains(stats)).toBe(true);
  cleanup();
  holding = ["max-width: 899px"];
  open();
  says(live());
  key("s");
  expect(stage().contains(await screen.findByTestId("stats"))).toBe(false);
});

test("the end of a broadcast closes the figures", async () => {
  open();
  says(live());
  key("s");
  await screen.findByTestId("stats");
  says(state({ rev: 3, live: "ended" }));
  expect(screen.queryByTestId("stats")).toBeNull();
  key("s");
  expect(screen.queryByTestId("stats")).toBeNull();
  says(live({ rev: 4 }));
  expect(screen.queryByTestId("stats")).toBeNull();
});

test("who closes the figures goes on from the player", async () => {
  open();
  says(live());
  key("s");
  fireEvent.click(within(await screen.findByTestId("stats")).getByLabelText("Close"));
  expect(document.activeElement).toBe(stage());
});

test("title, notice and host stand below the picture", () => {
  open();
  says(live({ title: "Friday night", notice: "Be kind", host: { name: "Ann" } }));
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Friday night");
  expect(screen.getByText("Be kind")).not.toBeNull();
  expect(screen.getByText("Hosted by Ann")).not.toBeNull();
});

test("the time on air stands still while nothing comes", () => {
  vi.useFakeTimers();
  open();
  says(live());
  act(() => void vi.advanceTimersByTime(3_000));
  const shown = screen.getByTestId("timer").textContent;
  act(() => void vi.advanceTimersByTime(5_000));
  // No frame has come yet: the page connects.
  expect(stage().dataset.state).toBe("connecting");
  expect(screen.getByTestId("timer").textContent).toBe(shown);
  vi.useRealTimers();
});

test("keys: the chat, the messages over the picture, theatre; none while the person writes", async () => {
  open();
  says(live());
  key("c");
  expect(document.activeElement).toBe(screen.getByTestId("chat-input"));
  key("d", screen.getByTestId("chat-input"));
  expect(localStorage.getItem("kaibo.danmaku")).toBeNull();
  key("d");
  expect(localStorage.getItem("kaibo.danmaku")).toContain('"on":false');
  const page = () => stage().closest("[data-theatre]");
  key("t");
  expect(page()?.getAttribute("data-theatre")).toBe("true");
  key("?");
  expect(await screen.findByText("Write in the chat")).not.toBeNull();
});

test("arrows change the volume while the player has the focus, and nowhere else", () => {
  open();
  expect(key("ArrowDown", document.body)).toBe(true);
  expect(key("ArrowDown", stage())).toBe(false);
});

test("the chat closes, and the page remembers that", () => {
  open();
  fireEvent.click(screen.getByTestId("chat-close"));
  expect(screen.queryByTestId("chat")).toBeNull();
  expect(document.activeElement).toBe(stage());
  cleanup();
  open();
  expect(screen.queryByTestId("chat")).toBeNull();
  key("c");
  expect(document.activeElement).toBe(screen.getByTestId("chat-input"));
});

test("who waits can have a bell, and is told the words in a region that was there before", async () => {
  open();
  expect(
    screen.getAllByRole("status").some((one) => one.contains(screen.getByTestId("bell"))),
  ).toBe(true);
  fireEvent.click(screen.getByTestId("bell"));
  await vi.waitFor(() => {
    expect(screen.getByTestId("bell").textContent).toBe("You will be told");
  });
});

test("a like is counted at once, and sent", () => {
  open();
  says(live());
  says({ type: "likes", total: 7, delta: 0, reactions: [] });
  fireEvent.click(screen.getByTestId("like"));
  expect(screen.getByTestId("like").dataset.count).toBe("8");
  expect(FakeSocket.last.of("like")).toEqual([{ type: "like", n: 1 }]);
});
