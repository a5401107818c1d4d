import { afterEach, beforeEach, expect, test, vi } from "vitest";
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
import { Embed } from "./embed";
import { readOptions } from "./options";
import { WORDS } from "./words";

let embed: Embed | null = null;
let stage: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  vi.stubGlobal("MediaStream", class extends EventTarget {});
  vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  resetFakes();
  stage = document.createElement("main");
  document.body.replaceChildren(stage);
});

afterEach(() => {
  embed?.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function open(search = "", lang: "en" | "zh-CN" = "en"): void {
  const watch = { room: "demo", lang, makePeer: makeFakePeer, signaling: fakeSignaling };
  embed = new Embed({ stage, watch, words: WORDS[lang], options: readOptions(search) });
}

const find = <T extends HTMLElement>(selector: string): T => {
  const found = stage.querySelector<T>(selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return found;
};
const told = () => find("[role=status]").textContent;

async function connect(): Promise<void> {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await vi.advanceTimersByTimeAsync(0);
  FakePeer.last.becomes("connected");
}

function showFrame(): void {
  for (const side of ["videoWidth", "videoHeight"]) {
    Object.defineProperty(find("video"), side, { value: 360, configurable: true });
  }
  find("video").dispatchEvent(new Event("play"));
  find("video").dispatchEvent(new Event("loadeddata"));
}

test.each([
  ["en", "Not live yet. It will start here automatically", "The broadcast is over"],
  ["zh-CN", "主播还没开播，开播后自动播放", "直播已结束"],
] as const)("what happens in the room is said in %s", async (lang, waiting, ended) => {
  open("", lang);
  expect(told()).toBe(WORDS[lang]["watch.connecting"]);
  await connect();
  expect(told()).toBe(waiting);
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1 }));
  showFrame();
  expect([told(), stage.dataset.state, stage.dataset.picture]).toEqual(["", "live", "true"]);
  FakeSocket.last.says(state({ rev: 3, live: "interrupted" }));
  expect(told()).toBe(WORDS[lang]["watch.interrupted"]);
  expect(stage.dataset.picture).toBe("true");
  FakeSocket.last.says(state({ rev: 4, live: "ended" }));
  expect(told()).toContain(ended);
  expect(stage.dataset.picture).toBe("false");
});

test("without autoplay nothing is loaded before somebody presses play", async () => {
  open("?autoplay=0");
  expect(stage.dataset.state).toBe("idle");
  expect(FakeSocket.made).toHaveLength(0);
  find(".tap").click();
  expect(FakeSocket.made).toHaveLength(1);
  expect(find(".tap").hidden).toBe(true);
});

test("the title leads to the room in a tab of its own, and is text", async () => {
  open();
  await connect();
  const title = '"><script>alert(1)</script>';
  FakeSocket.last.says(state({ rev: 2, title, host: { name: "小明" } }));
  const link = find<HTMLAnchorElement>("a");
  expect([link.target, link.rel]).toEqual(["_blank", "noopener"]);
  expect(new URL(link.href).pathname).toBe("/r/demo");
  expect(link.textContent).toBe(`${title}Hosted by 小明`);
  expect(stage.querySelector("script")).toBeNull();
  expect(document.title).toBe(title);
});

test("the badge is red for the picture of now alone, and leads back to it", async () => {
  open();
  await connect();
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1 }));
  showFrame();
  const badge = find<HTMLButtonElement>(".edge");
  expect([badge.textContent, badge.dataset.live, badge.disabled]).toEqual(["Live", "true", true]);
  find("video").dispatchEvent(new Event("pause"));
  expect([badge.textContent, badge.dataset.live, badge.disabled]).toEqual([
    "Back to live",
    "false",
    false,
  ]);
});

test("what the address says of the sound wins over what is remembered", () => {
  localStorage.setItem("kaibo.sound", "true");
  open("?muted=1");
  expect(find<HTMLVideoElement>("video").muted).toBe(true);
  embed?.close();
  stage.replaceChildren();
  open("?muted=0");
  expect(find<HTMLVideoElement>("video").muted).toBe(false);
});

test("a browser that forbids storage in frames plays all the same", async () => {
  vi.stubGlobal("localStorage", undefined);
  open();
  await connect();
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1 }));
  showFrame();
  find(".pill").click();
  expect(find<HTMLVideoElement>("video").muted).toBe(false);
});

test("without controls there is neither a bar nor a title", async () => {
  open("?controls=0");
  await connect();
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1 }));
  showFrame();
  for (const part of [".bar", ".title", ".pill"]) expect(find(part).hidden, part).toBe(true);
});

test.each([
  ["en", "REC"],
  ["zh-CN", "录制中"],
] as const)("visitors know that what they see is recorded: %s", async (lang, word) => {
  open("", lang);
  await connect();
  const mark = () => find("[data-testid=rec-mark]");
  const live = (recording: boolean, rev: number) =>
    FakeSocket.last.says(state({ rev, live: "live", since: 1, kept: keptOf({ recording }) }));
  live(true, 2);
  // Before there is a picture there is nothing to know.
  expect(mark().hidden).toBe(true);
  showFrame();
  expect([mark().hidden, mark().textContent]).toEqual([false, word]);
  live(false, 3);
  expect(mark().hidden).toBe(true);
});
