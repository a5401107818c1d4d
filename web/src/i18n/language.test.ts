import { expect, test } from "vitest";
import { MEDIA_ERROR_CODES } from "../live/media-error";
import { en } from "./en";
import { formatBitrate, formatCount, formatDuration } from "./format";
import { detectLanguage, translator } from "./language";
import { problemText } from "./problem";
import { type Key, zh } from "./zh";

const KEYS = Object.keys(zh) as Key[];

test("both languages have the same words with the same holes", () => {
  expect(Object.keys(en).sort()).toEqual([...KEYS].sort());
  const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
  for (const key of KEYS) expect(holes(en[key]), key).toEqual(holes(zh[key]));
});

test("every media error has words, and a way out where one is needed", () => {
  for (const code of MEDIA_ERROR_CODES) {
    expect(KEYS).toContain(`media.${code}`);
    const hasWay = KEYS.some((key) => key.startsWith(`media.${code}.way`));
    expect([code, hasWay]).toEqual([code, code !== "cancelled"]);
  }
});

test("a missing device is said in the very words it always had", () => {
  expect(zh["media.no_device"]).toBe("未检测到摄像器或麦克风");
});

test.each([
  [/摄像器/, "摄像头", ["media.no_device"]],
  [/串流密钥|直播密钥|直播码/, "推流密钥", []],
  [/粉丝|听众/, "观众", []],
  [/主机|推流端/, "主播", []],
] as const)("one word for one thing: not %s but %s", (other, _, promised) => {
  const wrong = KEYS.filter((key) => other.test(zh[key]));
  expect(wrong).toEqual(promised);
});

test("no English word stands alone in a Chinese row", () => {
  const english = KEYS.filter((key) => /^[a-z ]+$/i.test(zh[key]) && zh[key] === en[key]);
  // Names.
  expect(english.map((key) => zh[key])).toEqual(["OBS"]);
});

test.each([
  ["?lang=en", "zh-CN", ["zh"], "en"],
  ["", "en", ["zh-CN"], "en"],
  ["", null, ["zh-TW", "en"], "zh-CN"],
  ["", null, ["ja", "en-GB"], "en"],
  ["", null, ["fr"], "en"],
  ["", null, [], "zh-CN"],
] as const)("address %j, saved %j, browser %j: %s", (search, saved, preferred, language) => {
  expect(detectLanguage(search, saved, preferred)).toBe(language);
});

test("holes are filled", () => {
  expect(translator(en)("watch.viewers", { n: 3 })).toBe("3 watching");
  expect(problemText(translator(zh), "codec_unsupported", "H264")).toContain("H264");
  expect(problemText(translator(en), "internal")).toContain("internal");
});

test("numbers read as people write them", () => {
  expect(formatCount(12_345, "zh-CN")).toBe("1.2万");
  expect(formatDuration(3_725_000)).toBe("1:02:05");
  expect(formatDuration(65_000)).toBe("01:05");
  expect(formatBitrate(1_800_000)).toBe("1.8 Mbit/s");
});
