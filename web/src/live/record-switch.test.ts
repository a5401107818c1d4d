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
import { LocalMedia } from "./local-media";
import type { ErrorCode } from "./protocol";
import { Publisher } from "./publisher";
import { RecordSwitch } from "./record-switch";

let publisher: Publisher;
let media: LocalMedia;
let record: RecordSwitch;

beforeEach(async () => {
  vi.useFakeTimers();
  resetFakes();
  localStorage.clear();
  media = new LocalMedia();
  publisher = new Publisher(media, { makePeer: makeFakePeer, signaling: fakeSignaling });
  record = new RecordSwitch(publisher);
  publisher.goLive({ room: "demo", name: "", lang: "en" });
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.last.says({ type: "answer", pc: "pub", neg: 1, sdp: "v=0" });
  await vi.advanceTimersByTimeAsync(0);
  FakePeer.last.becomes("connected");
  isRecorded(false, 2);
});

afterEach(() => {
  record.close();
  publisher.close();
  media.close();
  vi.useRealTimers();
});

function isRecorded(recording: boolean, rev: number) {
  const kept = keptOf({ byHost: true, recording });
  FakeSocket.last.says(state({ rev, live: "live", since: Date.now(), kept }));
}

const asked = () => FakeSocket.last.of("room_set");

function refuses(code: ErrorCode, more = {}) {
  FakeSocket.last.says({ type: "error", code, message: "", fatal: false, ...more });
}

test("the host begins a recording, and it waits until it is made", () => {
  record.set(true);
  record.set(true);
  expect(asked()).toMatchObject([{ recording: true, title: null, notice: null }]);
  expect(record.getSnapshot().wanted).toBe(true);
  // Something else changed in the room.
  isRecorded(false, 3);
  expect(record.getSnapshot().wanted).toBe(true);
  isRecorded(true, 4);
  expect(record.getSnapshot()).toEqual({ wanted: null, problem: null });
  record.set(false);
  expect(record.getSnapshot().wanted).toBe(false);
  isRecorded(false, 5);
  expect(record.getSnapshot().wanted).toBeNull();
});

test("a refusal is told to who asked, and of other things the switch says nothing", () => {
  refuses("forbidden", { re: "d1" });
  expect(record.getSnapshot().problem).toBeNull();
  record.set(true);
  refuses("forbidden", { re: String(asked()[0]?.id) });
  expect(record.getSnapshot()).toEqual({ wanted: null, problem: "forbidden" });
  record.dismiss();
  expect(record.getSnapshot().problem).toBeNull();
});

test("a recording for which there is no room leaves the broadcast live", () => {
  record.set(true);
  refuses("server_full");
  expect(record.getSnapshot()).toEqual({ wanted: null, problem: "server_full" });
  expect(publisher.getSnapshot()).toMatchObject({ phase: "live", problem: null });
});

test("a server that says nothing is not waited for, and what it does late counts", () => {
  record.set(true);
  vi.advanceTimersByTime(15_000);
  expect(record.getSnapshot()).toEqual({ wanted: null, problem: "no_answer" });
  isRecorded(true, 3);
  expect(record.getSnapshot().problem).toBeNull();
});

test("the end of the broadcast ends the waiting", () => {
  record.set(true);
  FakeSocket.last.says(state({ rev: 3, live: "ended" }));
  expect(record.getSnapshot()).toEqual({ wanted: null, problem: null });
});
