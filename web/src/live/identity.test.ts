import { beforeEach, expect, test } from "vitest";
import { hostIdentity } from "./host-key";
import { fanIdentity, inviteOf, isName, keepName } from "./identity";

beforeEach(() => localStorage.clear());

test("a fan's greeting has the browser's secret, and name and invitation where there are", () => {
  const { secret, ...rest } = fanIdentity("");
  expect(secret).toMatch(/^[0-9a-f]{32}$/);
  expect(rest).toEqual({});
  keepName("Bo");
  expect(fanIdentity("#invite=abc")).toEqual({ secret, name: "Bo", invite: "abc" });
  expect(hostIdentity().secret).toBe(secret);
});

test("the invitation is read from the fragment only", () => {
  expect(inviteOf("#invite=a-b_1")).toBe("a-b_1");
  expect(inviteOf("#main")).toBeNull();
  expect(inviteOf("#invite=")).toBeNull();
});

test("a name has 1 to 24 characters, whatever they take to write", () => {
  expect(isName("🌹".repeat(24))).toBe(true);
  expect(isName("名".repeat(25))).toBe(false);
  expect(isName("  ")).toBe(false);
});
