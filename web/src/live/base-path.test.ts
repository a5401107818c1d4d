import { afterEach, expect, test } from "vitest";
import { basePath, withBase, withoutBase } from "./base-path";

function pageSays(content: string): void {
  document.head.innerHTML = `<meta name="base-path" content="${content}" />`;
}

afterEach(() => {
  document.head.innerHTML = "";
});

test.each([["/"], [""]])("at the root (%j) paths stay as they are", (content) => {
  pageSays(content);
  expect(basePath()).toBe("");
  expect([withBase("/host"), withoutBase("/host")]).toEqual(["/host", "/host"]);
  expect(withoutBase("/")).toBe("/");
});

test("a page that says nothing is at the root", () => {
  expect(withBase("/r/demo")).toBe("/r/demo");
});

test("below a path, addresses have it and our own paths do not", () => {
  pageSays("/my/live/");
  expect(basePath()).toBe("/my/live");
  expect(withBase("/")).toBe("/my/live/");
  expect(withBase("/r/demo")).toBe("/my/live/r/demo");
  expect(withoutBase("/my/live/r/demo")).toBe("/r/demo");
  expect([withoutBase("/my/live"), withoutBase("/my/live/")]).toEqual(["/", "/"]);
});

test("a page of the same server that is opened at the root is still found", () => {
  pageSays("/live/");
  expect([withoutBase("/host"), withoutBase("/lively")]).toEqual(["/host", "/lively"]);
});
