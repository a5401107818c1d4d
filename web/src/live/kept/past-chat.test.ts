import { expect, test } from "vitest";
import { linesAt } from "../../testing/kept";
import type { DanmakuNews } from "../danmaku/over-picture";
import { PastChat } from "./past-chat";

async function open(lines = linesAt([1, "one"], [2, "two"], [300, "late"], [301, "later"])) {
  const chat = new PastChat(Promise.resolve(lines));
  await chat.loaded;
  const news: string[] = [];
  chat.news.add((one) => news.push(wordOf(one)));
  const texts = () =>
    chat.getSnapshot().lines.map((line) => (line.kind === "text" ? line.item.text : line.kind));
  /** What came since this was asked last. */
  const fresh = () => news.splice(0);
  return { chat, texts, fresh };
}

function wordOf(news: DanmakuNews): string {
  if ("added" in news) return news.added.text;
  return "cleared" in news ? "cleared" : "removed";
}

test("each line comes when it was said, once", async () => {
  const { chat, texts, fresh } = await open();
  for (const at of [0.5, 1, 1.2, 1.5]) chat.moveTo(at);
  expect([texts(), fresh()]).toEqual([["one"], ["one"]]);
  chat.moveTo(2.1);
  expect([texts(), fresh()]).toEqual([["one", "two"], ["two"]]);
});

test("who goes to another moment has what was said up to it in the list, and nothing over the picture", async () => {
  const { chat, texts, fresh } = await open();
  chat.jumpTo(300.5);
  expect([texts(), fresh()]).toEqual([["one", "two", "late"], ["cleared"]]);
  chat.moveTo(301);
  expect([texts(), fresh()]).toEqual([["one", "two", "late", "later"], ["later"]]);
  chat.jumpTo(0);
  expect([texts(), fresh()]).toEqual([[], ["cleared"]]);
  chat.moveTo(1);
  expect(fresh()).toEqual(["one"]);
});

test("a gap in the recording is a jump: what was said in it does not fly all at once", async () => {
  const { chat, texts, fresh } = await open();
  chat.moveTo(1);
  chat.moveTo(302);
  expect([texts(), fresh()]).toEqual([
    ["one", "two", "late", "later"],
    ["one", "cleared"],
  ]);
});

test("lines that come late are there up to the moment that is shown by then", async () => {
  let come: (lines: ReturnType<typeof linesAt>) => void = () => undefined;
  const chat = new PastChat(new Promise((resolve) => (come = resolve)));
  chat.moveTo(1.5);
  expect(chat.getSnapshot().isThere).toBe(false);
  come(linesAt([1, "one"], [2, "two"]));
  await chat.loaded;
  expect(chat.getSnapshot()).toMatchObject({ isThere: true, lines: [{ item: { text: "one" } }] });
});

test("no lines, or none that can be loaded, are no chat", async () => {
  for (const loading of [Promise.resolve([]), Promise.reject(new Error("offline"))]) {
    const chat = new PastChat(loading);
    await chat.loaded;
    chat.moveTo(5);
    expect(chat.getSnapshot()).toMatchObject({ isThere: false, lines: [] });
  }
});
