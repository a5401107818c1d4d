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

test("a style sheet that did not come is asked for again, before what it is for is shown", async () => {
  const first = Object.assign(document.createElement("link"), {
    rel: "stylesheet",
    href: "/a.css",
  });
  document.head.append(first);
  first.dispatchEvent(new Event("error"));
  const load = vi.fn(async () => Panel);
  const Shown = later(load);
  render(<Shown word="one" />);
  const link = () => document.querySelector("link[href='/a.css']");
  expect(link()).not.toBe(first);
  link()?.dispatchEvent(new Event("error"));
  await settle(3_000);
  expect(load).not.toHaveBeenCalled();
  link()?.dispatchEvent(new Event("load"));
  await settle();
  screen.getByText("one");
  expect(document.querySelectorAll("link[href='/a.css']")).toHaveLength(1);
});
