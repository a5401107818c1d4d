import { beforeEach, expect, test, vi } from "vitest";
import { PLAYER_START } from "../live/player";
import type { Guest, Stage } from "../live/protocol";
import { roomState } from "../testing/fakes";
import { Cast } from "./cast";
import type { WatcherSnapshot } from "./watcher";

let host: HTMLVideoElement;
let cast: Cast;

beforeEach(() => {
  vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  vi.spyOn(HTMLMediaElement.prototype, "pause").mockReturnValue();
  host = document.createElement("video");
  document.body.replaceChildren(host);
  cast = new Cast([host]);
});

function guest(name: string, more: Partial<Guest> = {}): Guest {
  const said = { live: true, audio: true, video: true, standing: "guest" as const, ...more };
  return { uid: name, name, stream: `g-${name}`, ...said };
}

function watched(guests: Guest[], speaker: string | null = null): WatcherSnapshot {
  const stage: Stage = { open: true, layout: "auto", guests };
  const room = roomState({ live: "live", stage });
  const streams = new Map(guests.map((it) => [it.stream, {} as MediaStream]));
  const quiet = { attempt: 0, problem: null, detail: null, retrying: false, starved: false };
  return { ...quiet, phase: "live", room, stream: null, guests: streams, speaker };
}

const tiles = () => [...document.querySelectorAll<HTMLElement>(".tile")];
const names = () => tiles().map((it) => it.textContent);

test("a guest stands beside the host, with its name, as loud as the host", () => {
  cast.draw(watched([guest("Ann")]), { ...PLAYER_START, muted: false, volume: 0.4 });
  expect(names()).toEqual(["Ann"]);
  const video = tiles()[0]?.querySelector("video");
  expect([video?.muted, video?.volume]).toEqual([false, 0.4]);
  expect([host.style.width, tiles()[0]?.style.left]).toEqual(["50%", "50%"]);
});

test("who speaks is marked, and who is not seen has a name without a picture", () => {
  cast.draw(watched([guest("Ann"), guest("Bo", { video: false })], "Bo"), PLAYER_START);
  expect(tiles().map((it) => it.dataset.speaks)).toEqual(["false", "true"]);
  expect(tiles().map((it) => it.dataset.seen)).toEqual(["true", "false"]);
});

test("when the guests have left the host has the whole stage", () => {
  cast.draw(watched([guest("Ann"), guest("Bo")]), PLAYER_START);
  cast.draw(watched([guest("Bo")]), PLAYER_START);
  expect(names()).toEqual(["Bo"]);
  cast.draw(watched([]), PLAYER_START);
  expect([names(), host.style.width]).toEqual([[], "100%"]);
});

test("guests pause with the host", () => {
  cast.draw(watched([guest("Ann")]), { ...PLAYER_START, paused: true });
  expect(HTMLMediaElement.prototype.pause).toHaveBeenCalled();
  expect(HTMLMediaElement.prototype.play).not.toHaveBeenCalled();
});
