import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePeer, makeFakePeer, resetFakes } from "../testing/fakes";
import { PeerGuard } from "./peer-guard";

const actions = { restart: vi.fn(), renew: vi.fn(), fail: vi.fn() };
let guard: PeerGuard;

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
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

test("a restart that connects ends the matter", () => {
  FakePeer.last.becomes("connected");
  FakePeer.last.becomes("failed");
  FakePeer.last.becomes("connected");
  vi.advanceTimersByTime(60_000);
  expect(actions.renew).not.toHaveBeenCalled();
});
