import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  FakeSocket,
  fakeSignaling,
  keptOf,
  resetFakes,
  roomState,
  welcome,
} from "../../testing/fakes";
import { answerBy, pastOf, refusal } from "../../testing/kept";
import { keepRoomPassword } from "../room-password";
import { pastUrl } from "./addresses";
import { askFor } from "./ask";
import { Opened } from "./open";
import { keepPass, keptPass } from "./pass";
import type { Past } from "./types";

const PATH = "/api/rooms/demo/recordings/01p1";
let opened: Opened<Past> | null = null;

beforeEach(() => {
  resetFakes();
  sessionStorage.clear();
});

afterEach(() => {
  opened?.close();
  vi.unstubAllGlobals();
});

/** A private room: its past is for who has this pass. */
function lock(good: string) {
  return answerBy({
    [PATH]: ({ searchParams }) =>
      searchParams.get("pass") === good ? Response.json(pastOf()) : refusal(401, "auth_required"),
  });
}

function open(): Opened<Past> {
  opened = new Opened<Past>({
    room: "demo",
    lang: "en",
    load: (pass, signal) => askFor(pastUrl({ room: "demo", id: "01p1" }, { pass }), { signal }),
    signaling: fakeSignaling,
  });
  return opened;
}

const letsIn = (pass: string) =>
  FakeSocket.last.says(welcome({ room: roomState({ kept: keptOf({ pass }) }) }));

test("the past of a public room is there for everybody, without joining it", async () => {
  const asked = answerBy({ [PATH]: () => Response.json(pastOf()) });
  const past = open();
  await vi.waitFor(() => expect(past.getSnapshot().value).toEqual(pastOf()));
  expect(asked.map(({ url }) => url)).toEqual([PATH]);
  expect(FakeSocket.made).toHaveLength(0);
});

test("who comes from a private room has its pass", async () => {
  keepPass("demo", "good");
  const asked = lock("good");
  const past = open();
  await vi.waitFor(() => expect(past.getSnapshot().value).not.toBeNull());
  expect(asked.map(({ url }) => url)).toEqual([`${PATH}?pass=good`]);
  expect(past.getSnapshot().pass).toBe("good");
});

test("a page opened by its address joins the private room for its pass, with the password of this tab", async () => {
  keepRoomPassword("demo", "open sesame");
  keepPass("demo", "of yesterday");
  lock("good");
  const past = open();
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1));
  // What may still be opened is no problem yet.
  expect(past.getSnapshot().problem).toBeNull();
  FakeSocket.last.open();
  expect(FakeSocket.last.sent[0]).toMatchObject({ type: "hello", role: "fan", key: "open sesame" });
  letsIn("good");
  await vi.waitFor(() => expect(past.getSnapshot().value).not.toBeNull());
  expect(FakeSocket.last.closed).toBe(true);
  expect(keptPass("demo")).toBe("good");
});

test("a room that asks for a password is told as one", async () => {
  lock("good");
  const past = open();
  await vi.waitFor(() => expect(FakeSocket.made).toHaveLength(1));
  FakeSocket.last.open();
  FakeSocket.last.says({
    type: "error",
    code: "auth_required",
    message: "",
    fatal: true,
    detail: "password",
  });
  await vi.waitFor(() => expect(past.getSnapshot().problem).toBe("auth_required"));
  expect(past.getSnapshot().asks).toBe("password");
});

test("what is gone is gone: nobody joins a room for it", async () => {
  answerBy({});
  const past = open();
  await vi.waitFor(() => expect(past.getSnapshot().problem).toBe("not_found"));
  expect(FakeSocket.made).toHaveLength(0);
});
