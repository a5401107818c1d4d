import { expect, test } from "vitest";
import { en } from "../i18n/en";
import { zh } from "../i18n/zh";
import { WORDS } from "./words";

const OWN = /^embed\./;

test("an embed says what the pages say", () => {
  for (const [words, pages] of [
    [WORDS["zh-CN"], zh],
    [WORDS.en, en],
  ] as const) {
    const shared = Object.entries(words).filter(([key]) => !OWN.test(key));
    const theirs: Record<string, string> = pages;
    for (const [key, text] of shared) expect(theirs[key], key).toBe(text);
  }
});

test("both languages have the same words with the same holes", () => {
  const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole);
  for (const [key, text] of Object.entries(WORDS["zh-CN"]))
    expect(holes(WORDS.en[key as keyof typeof WORDS.en]), key).toEqual(holes(text));
});
