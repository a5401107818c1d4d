import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { roomState, welcome } from "../testing/fakes";
import { Chat, type ChatNews, TEXT_MAX } from "./chat";
import { LINES_MAX } from "./chat-lines";
import type { ChatItem, SelfInfo } from "./protocol";
import { recall, remember } from "./storage";

let sent: Record<string, unknown>[];
let isOpen: boolean;
let chat: Chat;

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  isOpen = true;
});

afterEach(() => {
  chat.close();
  vi.useRealTimers();
});

function start(me: Partial<SelfInfo> = {}, room = {}) {
  sent = [];
  const wire = {
    get isOpen() {
      return isOpen;
    },
    send: (message: object) => sent.push(message as Record<string, unknown>),
  };
  chat = new Chat({ wire, clockOffsetMs: () => 5_000 });
  greet(me, room);
}

function greet(me: Partial<SelfInfo> = {}, room = {}, resumed = false) {
  const self: SelfInfo = { id: "s1", role: "fan", uid: "me", standing: "fan", ...me };
  chat.receive(welcome({ self, room: roomState(room), resumed }));
}

function line(mid: number, text = `line ${mid}`, uid = "other"): ChatItem {
  return { mid, text, ts: Date.now() + 5_000, uid, name: "Ann", standing: "fan" };
}

const of = (type: string) => sent.filter((message) => message.type === type);
const now = () => chat.getSnapshot();
const texts = () => now().lines.map((one) => (one.kind === "text" ? one.item.text : one.kind));

function say(text: string) {
  chat.setDraft(text);
  chat.sendDraft();
}

test("lines stand in the order of their numbers, each once, and the newest 500 are kept", () => {
  start();
  chat.receive({ type: "chats", items: [line(1), line(2)] });
  chat.receive({ type: "sent", item: line(4, "mine", "me") });
  chat.receive({ type: "chats", items: [line(3), line(4, "mine", "me")] });
  expect(texts()).toEqual(["line 1", "line 2", "line 3", "mine"]);
  const many = Array.from({ length: LINES_MAX }, (_, n) => line(10 + n));
  chat.receive({ type: "chats", items: many });
  expect(now().lines).toHaveLength(LINES_MAX);
  expect(texts()[0]).toBe("line 10");
});

test("history takes the place of all lines, and says what is missing between", () => {
  start();
  chat.receive({ type: "chats", items: [line(1)] });
  chat.receive({ type: "chats", items: [line(5), line(6)], history: true });
  expect(texts()).toEqual(["line 5", "line 6"]);
  chat.receive({ type: "chats", items: [line(9)], skipped: 20 });
  chat.receive({ type: "chats", items: [], skipped: 3 });
  chat.receive({ type: "chats", items: [], skipped: 4 });
  expect(now().lines.map((one) => (one.kind === "gap" ? one.n : one.kind))).toEqual([
    "text",
    "text",
    20,
    "text",
    7,
  ]);
});

test("who comes in is a line of its own kind", () => {
  start();
  const { text, ...entered } = line(1);
  chat.receive({ type: "chats", items: [entered as ChatItem] });
  expect(now().lines[0]?.kind).toBe("entered");
});

test("lines that were taken away are gone, and do not come back", () => {
  start();
  const heard: ChatNews[] = [];
  chat.news.add((news) => heard.push(news));
  chat.receive({ type: "chats", items: [line(1), line(2, "b", "bad"), line(3, "c", "bad")] });
  chat.receive({ type: "chat_removed", mids: [1] });
  chat.receive({ type: "chats", items: [line(1)] });
  expect(texts()).toEqual(["b", "c"]);
  chat.receive({ type: "chat_removed", mids: [], uid: "bad" });
  expect(texts()).toEqual([]);
  expect(heard).toHaveLength(5);
});

test("the person is asked for a name when it first writes, and the message follows it", () => {
  start();
  say("hello");
  expect(now().asksName).toBe(true);
  expect(sent).toEqual([]);
  chat.setName(" ".repeat(3));
  expect(now().nameProblem?.code).toBe("name_bad");
  chat.setName("名".repeat(25));
  expect(now().nameProblem?.code).toBe("name_bad");
  chat.setName(" Bo ");
  expect(of("rename")[0]).toMatchObject({ name: "Bo" });
  expect(of("chat")[0]).toMatchObject({ text: "hello" });
  expect(recall("name")).toBe("Bo");
  expect(now()).toMatchObject({ asksName: false, draft: "" });
});

test("what needs a name is done once there is one, and nothing that was not asked for", () => {
  start();
  chat.setDraft("half a thought");
  const asked = vi.fn();
  chat.askName(asked);
  chat.closeName();
  chat.askName();
  chat.setName("Bo");
  expect(asked).not.toHaveBeenCalled();
  chat.askName(asked);
  chat.setName("Bob");
  expect(asked).toHaveBeenCalledOnce();
  expect(of("chat")).toEqual([]);
});

test("a name that the server refuses is asked for again, and the message waits in the input", () => {
  start();
  say("hello");
  chat.setName("Bо");
  const [rename, said] = [of("rename")[0]?.id, of("chat")[0]?.id] as string[];
  const refusal = { type: "error", message: "m", fatal: false } as const;
  chat.receive({ ...refusal, code: "bad_field", re: rename as string });
  chat.receive({ ...refusal, code: "name_needed", re: said as string });
  expect(now()).toMatchObject({ asksName: true, draft: "hello", waiting: [], problem: null });
  expect(now().nameProblem?.code).toBe("bad_field");
});

test("a message waits until the server has it; a refusal puts it back with the reason", () => {
  remember("name", "Bo");
  start({ name: "Bo" });
  say("one");
  expect(now()).toMatchObject({ draft: "", waiting: [{ text: "one" }] });
  chat.receive({ type: "sent", item: line(1, "one", "me"), re: of("chat")[0]?.id as string });
  expect(now().waiting).toEqual([]);
  say("two");
  const re = of("chat")[1]?.id as string;
  const refused = { type: "error", message: "m", fatal: false, re } as const;
  expect(chat.receive({ ...refused, code: "chat_slow", retryMs: 3_000 })).toBe(true);
  expect(now()).toMatchObject({ draft: "two", waiting: [] });
  expect(now().problem).toEqual({ code: "chat_slow", untilMs: Date.now() + 3_000 });
  // Somebody else's error.
  expect(chat.receive({ ...refused, code: "ice_failed", re: "x" })).toBe(false);
});

test("what the person types meanwhile is not overwritten by what comes back", () => {
  start({ name: "Bo" });
  say("one");
  chat.setDraft("next");
  const re = of("chat")[0]?.id as string;
  chat.receive({ type: "error", code: "chat_blocked", message: "m", fatal: false, re });
  expect(now()).toMatchObject({ draft: "next", problem: { code: "chat_blocked" } });
  chat.setDraft("next one");
  expect(now().problem).toBeNull();
});

test("too much, nothing, or without a server: it stays in the input and says why", () => {
  start({ name: "Bo" });
  say("  ");
  expect(sent).toEqual([]);
  say("字".repeat(TEXT_MAX + 1));
  expect(now().problem?.code).toBe("too_large");
  isOpen = false;
  say("hello");
  expect(now()).toMatchObject({ draft: "hello", problem: { code: "not_connected" } });
  expect(sent).toEqual([]);
});

test("after a lost socket the history tells whether the last message arrived", () => {
  start({ name: "Bo" });
  say("arrived");
  say("lost");
  greet({ name: "Bo" });
  chat.receive({ type: "chats", items: [line(7, "arrived", "me")], history: true });
  expect(now()).toMatchObject({ draft: "lost", waiting: [], problem: { code: "not_connected" } });
  chat.setDraft("");
  say("no history");
  greet({ name: "Bo" }, {}, true);
  vi.advanceTimersByTime(3_000);
  expect(now()).toMatchObject({ draft: "no history", waiting: [] });
});

test("slow mode counts down for fans, not for who keeps order", () => {
  const chatRules = { on: true, slowS: 30, invitedOnly: false, history: true };
  start({ name: "Bo" }, { chat: chatRules });
  say("one");
  chat.receive({ type: "sent", item: line(1, "one", "me"), re: of("chat")[0]?.id as string });
  expect(now().readyAtMs).toBe(Date.now() + 30_000);
  chat.receive({ type: "state", ...roomState({ rev: 2 }) });
  expect(now().readyAtMs).toBeNull();
  start({ name: "Bo", standing: "moderator" }, { chat: chatRules });
  say("one");
  chat.receive({ type: "sent", item: line(1, "one", "me"), re: of("chat")[0]?.id as string });
  expect(now().readyAtMs).toBeNull();
});

test("a mute is told by this page's clock", () => {
  start({ name: "Bo", mutedUntil: Date.now() + 65_000 });
  expect(now().me?.mutedUntil).toBe(Date.now() + 60_000);
  chat.receive({ type: "you", id: "s1", role: "fan", uid: "me", standing: "moderator" });
  expect(now().me?.mutedUntil).toBeUndefined();
});

test("likes are gathered, sent twice a second at most, and counted once", () => {
  start();
  const bursts: number[] = [];
  chat.bursts.add(({ likes, own }) => bursts.push(own ? likes : 100 + likes));
  chat.receive({ type: "likes", total: 10, delta: 0, reactions: [] });
  for (let n = 0; n < 40; n += 1) chat.like();
  expect(of("like").map(({ n }) => n)).toEqual([1]);
  expect(now().likes).toBe(50);
  vi.advanceTimersByTime(1_000);
  expect(of("like").map(({ n }) => n)).toEqual([1, 30, 9]);
  bursts.length = 0;
  chat.receive({ type: "likes", total: 55, delta: 45, reactions: [] });
  expect(now().likes).toBe(55);
  expect(bursts).toEqual([105]);
});

test("gestures are shown at once, and again only for others", () => {
  start();
  const bursts: unknown[] = [];
  chat.bursts.add(({ reactions, own }) => bursts.push([own, reactions]));
  chat.react("clap");
  chat.react("clap");
  expect(of("react")).toHaveLength(1);
  chat.receive({ type: "likes", total: 0, delta: 0, reactions: [{ kind: "clap", n: 3 }] });
  expect(bursts).toEqual([
    [true, [{ kind: "clap", n: 1 }]],
    [false, [{ kind: "clap", n: 2 }]],
  ]);
});

test("a line is reported once, and a refused action is told", () => {
  start({ standing: "moderator", name: "Mo" });
  chat.flag(3);
  chat.flag(3);
  expect(of("flag")).toHaveLength(1);
  chat.moderate({ action: "delete", mid: 3 });
  const re = of("moderate")[0]?.id as string;
  chat.receive({ type: "error", code: "not_found", message: "m", fatal: false, re });
  expect(now().actionProblem?.code).toBe("not_found");
});
