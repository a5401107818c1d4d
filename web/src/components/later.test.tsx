import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { later } from "./later";

const Panel = ({ word }: { word: string }) => <p>{word}</p>;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const settle = (ms = 0) => act(() => vi.advanceTimersByTimeAsync(ms));

test("code is loaded once, when its component is first shown", async () => {
  const load = vi.fn(async () => Panel);
  const Shown = later(load, <p>wait</p>);
  expect(load).not.toHaveBeenCalled();
  render(
    <>
      <Shown word="one" />
      <Shown word="two" />
    </>,
  );
  expect(screen.getAllByText("wait")).toHaveLength(2);
  await settle();
  screen.getByText("one");
  screen.getByText("two");
  expect(load).toHaveBeenCalledTimes(1);
});

test("what was fetched before is there at once", async () => {
  const Shown = later(async () => Panel);
  Shown.fetch();
  await settle();
  render(<Shown word="one" />);
  screen.getByText("one");
});

test("code that does not come leaves the page as it is, and is asked for again", async () => {
  const load = vi.fn(async () => Panel).mockRejectedValueOnce(new Error("no server"));
  const Shown = later(load);
  render(
    <>
      <p>page</p>
      <Shown word="one" />
    </>,
  );
  await settle();
  screen.getByText("page");
  expect(screen.queryByText("one")).toBeNull();
  await settle(3_000);
  screen.getByText("one");
  expect(load).toHaveBeenCalledTimes(2);
});

test("nobody waits for it any more: it is not asked for", async () => {
  const load = vi.fn(() => Promise.reject(new Error("no server")));
  const Shown = later(load);
  render(<Shown />);
  await settle();
  cleanup();
  await settle(60_000);
  expect(load).toHaveBeenCalledTimes(1);
});

test("a style sheet that did not come is no more taken for one that did", () => {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet" });
  document.head.append(link);
  link.dispatchEvent(new Event("error"));
  expect(link.isConnected).toBe(false);
});
