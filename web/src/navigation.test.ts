import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { guardLeaving, navigate, renameEntry, shownPath } from "./navigation";

/** What the person was asked: how to leave. */
let asked: (() => void)[];
let release: (() => void) | undefined;

beforeEach(() => {
  asked = [];
  release = undefined;
  vi.stubGlobal("scrollTo", () => undefined);
  navigate("/");
  navigate("/host");
  renameEntry("/host?room=demo");
});
afterEach(() => {
  release?.();
  vi.unstubAllGlobals();
});

function guard(): void {
  release = guardLeaving((go) => asked.push(go));
}

const at = (path: string) =>
  vi.waitFor(() => expect([shownPath(), location.pathname]).toEqual([path, path]));
const untilAsked = (times: number) => vi.waitFor(() => expect(asked).toHaveLength(times));

test("a link leads to its page at once when nothing holds the person", () => {
  navigate("/r/demo");
  expect([shownPath(), location.pathname]).toEqual(["/r/demo", "/r/demo"]);
});

test("a link asks first, and leads there when the person wants it", () => {
  guard();
  navigate("/");
  expect(asked).toHaveLength(1);
  expect([shownPath(), location.pathname]).toEqual(["/host", "/host"]);
  asked[0]?.();
  expect([shownPath(), location.pathname]).toEqual(["/", "/"]);
});

test("the browser's Back asks first, the page stays meanwhile", async () => {
  guard();
  history.back();
  await untilAsked(1);
  await at("/host");
  expect(location.search).toBe("?room=demo");
  asked[0]?.();
  await at("/");
});

test("who stays is asked again by the next Back", async () => {
  guard();
  history.back();
  await untilAsked(1);
  history.back();
  await untilAsked(2);
  await at("/host");
});

test("Forward asks too, and leads forward", async () => {
  navigate("/r/demo");
  history.back();
  await at("/host");
  guard();
  history.forward();
  await untilAsked(1);
  await at("/host");
  asked[0]?.();
  await at("/r/demo");
});

test("several pages back at once are as many after the question", async () => {
  navigate("/r/demo");
  guard();
  history.go(-2);
  await untilAsked(1);
  await at("/r/demo");
  asked[0]?.();
  await at("/");
});

test("a link to a part of the page asks nothing", async () => {
  guard();
  location.hash = "#main";
  await vi.waitFor(() => expect(location.hash).toBe("#main"));
  history.back();
  await vi.waitFor(() => expect(location.hash).toBe(""));
  expect([shownPath(), asked.length]).toEqual(["/host", 0]);
});

test("an entry that is none of ours is left the same way", async () => {
  history.pushState(null, "", "/elsewhere");
  history.pushState({ place: 99 }, "", "/host");
  guard();
  history.back();
  await untilAsked(1);
  expect([shownPath(), location.pathname]).toEqual(["/host", "/host"]);
  asked[0]?.();
  await at("/elsewhere");
});

test("below a path, addresses have it and the pages do not see it", async () => {
  document.head.innerHTML = '<meta name="base-path" content="/live/" />';
  navigate("/r/demo");
  expect([shownPath(), location.pathname]).toEqual(["/r/demo", "/live/r/demo"]);
  renameEntry("/host?room=demo");
  expect(location.pathname + location.search).toBe("/live/host?room=demo");
  document.head.innerHTML = "";
});
