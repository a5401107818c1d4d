import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePeer, makeFakePeer, resetFakes } from "../testing/fakes";
import { PeerGuard } from "./peer-guard";

const isFlowing = vi.fn();
const actions = { isFlowing, restart: vi.fn(), renew: vi.fn(), detour: vi.fn(), fail: vi.fn() };
let guard: PeerGuard;

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  isFlowing.mockReturnValue(false);
  resetFakes();
  guard = new PeerGuard(makeFakePeer(), actions);
});

afterEach(() => {
  guard.close();
  vi.useRealTimers();
});

test("gives a first connection its time", () => {
  FakePeer.last.becomes("connecting");
  vi.advanceTimersByTime(60_000);
  expect(actions.renew).not.toHaveBeenCalled();
});

test("a path that never was is a failure, not a loss", () => {
  FakePeer.last.becomes("connecting");
  FakePeer.last.becomes("failed");
  expect(actions.fail).toHaveBeenCalledTimes(1);
  expect(actions.restart).not.toHaveBeenCalled();
});

test("waits three seconds for a disconnection to heal, then ten for the restart", () => {
  FakePeer.last.becomes("connected");
  FakePeer.last.becomes("disconnected");
  vi.advanceTimersByTime(2_999);
  expect(actions.restart).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(actions.restart).toHaveBeenCalledTimes(1);
  FakePeer.last.becomes("connecting");
  vi.advanceTimersByTime(10_000);
  expect(actions.renew).toHaveBeenCalledTimes(1);
});

test("a path that media comes over is not left, whatever the browser makes of it", () => {
  FakePeer.last.becomes("connected");
  isFlowing.mockReturnValue(true);
  FakePeer.last.becomes("disconnected");
  vi.advanceTimersByTime(20_000);
  expect(actions.restart).not.toHaveBeenCalled();
  isFlowing.mockReturnValue(false);
  vi.advanceTimersByTime(1_000);
  expect(actions.restart).toHaveBeenCalledTimes(1);
});

test("a path that the browser believes in again is doubted no more", () => {
  FakePeer.last.becomes("connected");
  isFlowing.mockReturnValue(true);
  FakePeer.last.becomes("disconnected");
  vi.advanceTimersByTime(5_000);
  FakePeer.last.becomes("connected");
  isFlowing.mockReturnValue(false);
  vi.advanceTimersByTime(60_000);
  expect(actions.restart).not.toHaveBeenCalled();
});

test("a restart that connects ends the matter", () => {
  FakePeer.last.becomes("connected");
  FakePeer.last.becomes("failed");
  FakePeer.last.becomes("connected");
  vi.advanceTimersByTime(60_000);
  expect(actions.renew).not.toHaveBeenCalled();
});

test("a first connection that takes long is offered the detour, once", () => {
  FakePeer.last.becomes("connecting");
  vi.advanceTimersByTime(1_999);
  expect(actions.detour).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(actions.detour).toHaveBeenCalledTimes(1);
});

test("one that is there in time needs none", () => {
  FakePeer.last.becomes("connecting");
  vi.advanceTimersByTime(500);
  FakePeer.last.becomes("connected");
  vi.advanceTimersByTime(60_000);
  expect(actions.detour).not.toHaveBeenCalled();
});
