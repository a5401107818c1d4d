import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket, fakeSignaling, makeFakePeer, resetFakes } from "../testing/fakes";
import { connectEarly, takeViewer } from "./early-viewer";

const options = (room: string) => ({
  room,
  lang: "en",
  makePeer: makeFakePeer,
  signaling: fakeSignaling,
});

beforeEach(() => {
  vi.useFakeTimers();
  resetFakes();
});

afterEach(() => vi.useRealTimers());

test("a page has the viewer that connected before it was drawn, and no second connection", () => {
  connectEarly(options("demo"));
  FakeSocket.last.open();
  expect(FakeSocket.last.sent[0]).toMatchObject({ type: "hello", role: "fan", room: "demo" });
  const viewer = takeViewer(options("demo"));
  expect(FakeSocket.made.length).toBe(1);
  // The page came back, or shows the room again.
  viewer.close();
  const next = takeViewer(options("demo"));
  expect(next).not.toBe(viewer);
  expect(FakeSocket.made.length).toBe(2);
  next.close();
});

test("a page of another room leaves what connected early", () => {
  connectEarly(options("demo"));
  const viewer = takeViewer(options("other"));
  expect(FakeSocket.made.map(({ closed }) => closed)).toEqual([true, false]);
  viewer.close();
});
