import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../../i18n/language";
import { Chat } from "../../live/chat";
import type { ChatItem, SelfInfo } from "../../live/protocol";
import { roomState, welcome } from "../../testing/fakes";
import { ChatRows } from "./chat-log";
import { ChatPanel, Pinned } from "./chat-panel";

let sent: Record<string, unknown>[];
let chat: Chat;

beforeAll(async () => {
  for (const part of [ChatRows, Pinned]) part.fetch();
  await Promise.all([import("./chat-rows"), import("./pinned")]);
});

beforeEach(() => {
  localStorage.clear();
  languageStore.choose("en");
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  sent = [];
  const send = (message: object) => sent.push(message as Record<string, unknown>);
  chat = new Chat({ wire: { isOpen: true, send } });
});

afterEach(() => {
  cleanup();
  chat.close();
  vi.unstubAllGlobals();
});

function open(me: Partial<SelfInfo> = {}, room = {}) {
  render(<ChatPanel chat={chat} />);
  const self: SelfInfo = { id: "s1", role: "fan", uid: "me", standing: "fan", ...me };
  act(() => void chat.receive(welcome({ self, room: roomState(room) })));
}

function comes(...items: Partial<ChatItem>[]) {
  const full = items.map((item, n) => ({
    mid: n + 1,
    text: "hi",
    ts: 0,
    uid: `p${n}`,
    name: "Ann",
    standing: "fan" as const,
    ...item,
  }));
  act(() => void chat.receive({ type: "chats", items: full }));
}

const input = () => screen.getByTestId<HTMLInputElement>("chat-input");
const type = (text: string) => fireEvent.change(input(), { target: { value: text } });
const submit = () => fireEvent.submit(input());
const problem = () => screen.getByTestId("chat-problem").textContent;

test("what is said is shown as text, whatever it looks like, and an address leads there", () => {
  open();
  comes({ text: '<img src=x onerror="alert(1)"> https://example.com/a.' });
  const line = screen.getByTestId("chat-line");
  expect(line.textContent).toContain('<img src=x onerror="alert(1)"> https://example.com/a.');
  expect(line.querySelector("img")).toBeNull();
  const link = within(line).getByRole("link");
  expect(link.getAttribute("href")).toBe("https://example.com/a");
  expect(link.getAttribute("target")).toBe("_blank");
  expect(link.getAttribute("rel")).toContain("noopener");
});

test("the log is there before its first line, and says who is what", () => {
  open();
  const log = screen.getByRole("log");
  comes({ standing: "host" }, { standing: "moderator" }, { standing: "guest" }, {});
  const lines = within(log).getAllByTestId("chat-line");
  expect(lines.map((line) => line.textContent)).toEqual([
    "Host Ann: hi",
    "Mod Ann: hi",
    "Guest Ann: hi",
    "Ann: hi",
  ]);
});

test("the first message asks for a name, and is said after it", async () => {
  open();
  type("hello");
  submit();
  const name = await screen.findByTestId<HTMLInputElement>("name-input");
  fireEvent.change(name, { target: { value: "名".repeat(25) } });
  fireEvent.submit(name);
  expect(screen.getByText("A name has 1 to 24 characters")).not.toBeNull();
  fireEvent.change(name, { target: { value: "Bo" } });
  fireEvent.submit(name);
  expect(screen.queryByTestId("name-input")).toBeNull();
  expect(sent.map(({ type }) => type)).toEqual(["rename", "chat"]);
});

test("a refusal is told at the input, in both languages, with the text still there", () => {
  open({ name: "Bo" });
  type("bad word");
  submit();
  const re = sent[0]?.id as string;
  act(() => {
    chat.receive({ type: "error", code: "chat_blocked", message: "m", fatal: false, re });
  });
  expect(problem()).toContain("not allowed here");
  expect(input().value).toBe("bad word");
  act(() => languageStore.choose("zh-CN"));
  expect(problem()).toContain("不允许的词");
});

test("who may not write is told why in the place of writing", () => {
  open({ name: "Bo", mutedUntil: Date.now() + 90_000 });
  expect(problem()).toMatch(/muted for another 01:\d\d/);
  expect(input().disabled).toBe(true);
  cleanup();
  open({ name: "Bo" }, { chat: { on: false, slowS: 0, invitedOnly: false, history: true } });
  expect(problem()).toContain("switched the chat off");
});

test("an input method's Enter sends nothing", () => {
  open({ name: "Bo" });
  type("ni hao");
  const composing = { key: "Enter", isComposing: true, keyCode: 229 };
  expect(fireEvent.keyDown(input(), composing)).toBe(false);
  expect(fireEvent.keyDown(input(), { key: "Enter" })).toBe(true);
});

test("a fan copies and reports; who keeps order does more, and is asked before the worst", async () => {
  open({ name: "Bo" });
  comes({ uid: "x" });
  const more = () => screen.getByRole("button", { name: "Message of Ann: actions" });
  const labels = async () => {
    const menu = await screen.findByTestId("line-menu");
    return [...menu.querySelectorAll("button")].map((one) => one.textContent);
  };
  fireEvent.click(more());
  expect(await labels()).toEqual(["Copy", "Report"]);
  fireEvent.click(screen.getByText("Report"));
  expect(sent.at(-1)).toMatchObject({ type: "flag", mid: 1 });
  expect(screen.queryByTestId("line-menu")).toBeNull();
  act(() => {
    chat.receive({ type: "you", id: "s1", role: "fan", uid: "me", standing: "moderator" });
  });
  fireEvent.click(more());
  expect(await labels()).toEqual([
    "Copy",
    "Pin",
    "Delete",
    "Mute for 10 minutes",
    "Delete all of this person",
    "Ban",
  ]);
  const { length } = sent;
  fireEvent.click(screen.getByText("Ban"));
  expect(sent).toHaveLength(length);
  fireEvent.click(screen.getByText("Click again: Ban"));
  expect(sent.at(-1)).toMatchObject({ type: "moderate", action: "ban", uid: "x" });
});

test("the keyboard reaches each line by arrows", () => {
  open();
  comes({}, {}, {});
  const log = screen.getByRole("log");
  log.focus();
  fireEvent.keyDown(log, { key: "ArrowUp" });
  const buttons = within(log).getAllByRole("button");
  expect(document.activeElement).toBe(buttons[2]);
  fireEvent.keyDown(document.activeElement as Element, { key: "ArrowUp" });
  expect(document.activeElement).toBe(buttons[1]);
});

test("the pinned line stands above the others", () => {
  const item = { mid: 5, text: "rules", ts: 0, uid: "h", name: "Host", standing: "host" as const };
  open({}, { pinned: item });
  expect(screen.getByTestId("pinned").textContent).toContain("rules");
});
