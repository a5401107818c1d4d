import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../i18n/language";
import { answerBy, clipOf, pastOf, refusal, stubMedia } from "../testing/kept";
import { PastPage } from "./past";

const PASTS = "/api/rooms/demo/recordings";
const CLIPS = "/api/rooms/demo/clips";

beforeEach(() => {
  languageStore.choose("en");
  sessionStorage.clear();
  vi.stubGlobal("matchMedia", () => ({
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const video = () => screen.getByTestId<HTMLVideoElement>("past-video");

/** The page of a past broadcast, with others beside it. */
async function open(past = pastOf(), others = [past]) {
  answerBy({
    [`${PASTS}/${past.id}`]: () => Response.json(past),
    [PASTS]: () => Response.json({ items: others }),
    [CLIPS]: () => Response.json([]),
  });
  render(<PastPage room="demo" id={past.id} />);
  await screen.findByTestId("past-video");
}

test("at the end of a file the next one plays, as fast as the one before, until the last", async () => {
  const { played } = stubMedia();
  await open();
  expect(video().getAttribute("src")).toBe(`${PASTS}/01p1/files/001.webm`);
  fireEvent.change(screen.getByTestId("past-speed"), { target: { value: "1.5" } });
  fireEvent.ended(video());
  expect(video().getAttribute("src")).toBe(`${PASTS}/01p1/files/002.webm`);
  expect([played(), video().playbackRate]).toEqual([1, 1.5]);
  fireEvent.ended(video());
  expect([played(), video().dataset.part]).toEqual([1, "1"]);
});

test("a part is gone to by its button, and each file can be kept", async () => {
  const { played } = stubMedia();
  await open();
  const [, second] = screen.getAllByTestId("past-part");
  if (!second) throw new Error("there is one part only");
  expect(second.textContent).toContain("from 10:00");
  fireEvent.click(second);
  expect([video().dataset.part, played()]).toEqual(["1", 1]);
  expect(second.getAttribute("aria-current")).toBe("true");
  const saves = screen.getAllByTestId("past-save").map((link) => link.getAttribute("href"));
  expect(saves).toEqual([1, 2].map((n) => `${PASTS}/01p1/files/00${n}.webm?save=`));
});

test("a file that the browser does not play is said, and can be kept", async () => {
  const [file] = pastOf().files;
  await open(pastOf({ title: null, files: file ? [file] : [] }));
  fireEvent.error(video());
  expect(screen.getByText(/cannot play the file/)).not.toBeNull();
  expect(screen.getByTestId("kept-save").getAttribute("href")).toContain("001.webm?save=");
  expect(screen.queryAllByTestId("past-part")).toHaveLength(0);
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Broadcast of demo");
});

test("others of the room are below, and the link is one to send", async () => {
  await open(pastOf(), [pastOf(), pastOf({ id: "01p0", title: "Thursday" })]);
  const others = await screen.findByTestId("pasts");
  expect([...others.querySelectorAll("a")].map((link) => link.getAttribute("href"))).toEqual([
    "/r/demo/past/01p0",
  ]);
  const link = screen.getByTestId<HTMLInputElement>("kept-link").value;
  expect(link).toBe(`${location.origin}/r/demo/past/01p1`);
  expect(screen.getByTestId("past-back").getAttribute("href")).toBe("/r/demo");
});

test("a clip that somebody made leads to its page", async () => {
  answerBy({
    [`${PASTS}/01p1`]: () => Response.json(pastOf()),
    [PASTS]: () => Response.json({ items: [] }),
    [CLIPS]: () => Response.json([clipOf({ title: "Goal!", still: ["still.webp", "image/webp"] })]),
  });
  render(<PastPage room="demo" id="01p1" />);
  const clips = await screen.findByTestId("clips");
  expect(clips.querySelector("a")?.getAttribute("href")).toBe("/c/01c1");
  expect(clips.querySelector("img")?.getAttribute("src")).toBe("/api/clips/01c1/still");
});

test.each([
  ["en", 404, "not_found", "There is no such past broadcast"],
  ["zh-CN", 500, "internal", "没有成功（internal），请再试一次"],
] as const)(
  "what does not come is said in words: %s, %s",
  async (language, status, code, words) => {
    languageStore.choose(language);
    answerBy({ [`${PASTS}/01p1`]: () => refusal(status, code) });
    render(<PastPage room="demo" id="01p1" />);
    expect((await screen.findByTestId("kept-message")).textContent).toContain(words);
  },
);

test("guests play beside the host while they were there, and can be kept as other layers can", async () => {
  stubMedia();
  const file = { durationS: 100, bytes: 1_000_000 };
  const beside = [
    { ...file, name: "002-guest-1.webm", at: 60, guest: 1 },
    { ...file, name: "003-layer-h.webm", at: 0, layer: "h" },
  ];
  await open(pastOf({ beside }));
  const [guest, other] = screen.getAllByTestId("past-beside");
  expect([guest?.hidden, other]).toEqual([true, undefined]);
  video().currentTime = 70;
  fireEvent.timeUpdate(video());
  expect(guest?.hidden).toBe(false);
  expect(guest?.textContent).toBe("Guest 1");
  expect(guest?.querySelector("video")?.currentTime).toBe(10);
  video().currentTime = 170;
  fireEvent.seeking(video());
  expect(guest?.hidden).toBe(true);
  const saves = screen.getAllByTestId("past-save-beside").map((link) => link.textContent);
  expect(saves).toEqual(["Download Guest 1 (1.0 MB)", "Download Layer h (1.0 MB)"]);
});
