import { beforeEach, expect, test } from "vitest";
import { forgetHostKey, hostIdentity, isKeyKept, saveHostKey, typedKey } from "./host-key";

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

test("a key is kept for the tab alone, unless the person says otherwise", () => {
  saveHostKey(" a key of the test ");
  expect(hostIdentity().key).toBe("a key of the test");
  expect(JSON.stringify({ ...localStorage })).not.toContain("a key of the test");
  expect(isKeyKept()).toBe(false);
  saveHostKey("another", true);
  expect([typedKey(), isKeyKept()]).toEqual(["another", true]);
  expect(JSON.stringify({ ...sessionStorage })).not.toContain("a key of the test");
});

test("a key that is forgotten is nowhere", () => {
  saveHostKey("a key", true);
  forgetHostKey();
  expect([typedKey(), hostIdentity().key]).toEqual([null, undefined]);
});
