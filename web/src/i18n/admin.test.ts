import { expect, test } from "vitest";
import { ApiProblem } from "../live/admin/api";
import { adminProblem, findingName, formatKbps, formatMoment } from "./admin-text";
import type { AdminTranslate } from "./admin-words";
import { fill } from "./detect-language";
import { enAdmin } from "./en-admin";
import { type AdminKey, zhAdmin } from "./zh-admin";

const KEYS = Object.keys(zhAdmin) as AdminKey[];
const en: AdminTranslate = (key, values) => fill(enAdmin[key], values);

test("the admin page has the same words with the same holes in both languages", () => {
  expect(Object.keys(enAdmin).sort()).toEqual([...KEYS].sort());
  const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
  for (const key of KEYS) expect(holes(enAdmin[key]), key).toEqual(holes(zhAdmin[key]));
});

test.each([/摄像器/, /串流密钥|直播密钥|直播码/, /粉丝|听众/, /主机|推流端/])(
  "one word for one thing: not %s",
  (other) => {
    expect(KEYS.filter((key) => other.test(zhAdmin[key]))).toEqual([]);
  },
);

test("every problem is a sentence that says what to do", () => {
  const words = (...problem: ConstructorParameters<typeof ApiProblem>) =>
    adminProblem(en, new ApiProblem(...problem));
  expect(words(429, "rate_limited", "", 36.2)).toContain("37 s");
  expect(words(429, "rate_limited")).toContain("minute");
  expect(words(0, "unreachable")).toContain("does not answer");
  expect(words(412, "changed")).toContain("Somebody else");
  expect(words(400, "bad_field", "name is empty")).toContain("name is empty");
  expect(words(500, "internal")).toContain("internal");
});

test("figures and moments read as people write them", () => {
  expect(formatKbps(640)).toBe("640 kbit/s");
  expect(formatKbps(1_300_000)).toBe("1.3 Gbit/s");
  const noon = new Date(2026, 10, 30, 12, 5).getTime();
  expect(formatMoment(en, "en", noon, noon + 60_000)).toMatch(/^today 12:05/);
  expect(formatMoment(en, "en", noon, noon + 86_400_000)).toMatch(/^Nov 30, 12:05/);
  expect(findingName(en, "b_frames")).toContain("B-frames");
  expect(findingName(en, "newer_than_the_page")).toBe("newer_than_the_page");
});
