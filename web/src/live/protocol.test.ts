import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { FakeSocket, fakeSignaling, resetFakes } from "../testing/fakes";
import type { ClientMessage, ServerMessage } from "./protocol";
import { Signaling } from "./signaling";

/** The lines the Rust side is tested with, too. */
function fixtures(name: string): string[] {
  const path = resolve("../crates/protocol/fixtures", name);
  return readFileSync(path, "utf8").split("\n").filter(Boolean);
}

/** One entry a type, so that a type new in the protocol fails to compile here. */
const SERVER: Record<ServerMessage["type"], true> = {
  offer: true,
  answer: true,
  welcome: true,
  state: true,
  viewers: true,
  layer_now: true,
  layers: true,
  findings: true,
  pong: true,
  clock: true,
  latency: true,
  rewound: true,
  you: true,
  chats: true,
  sent: true,
  chat_removed: true,
  likes: true,
  desk: true,
  stage_queue: true,
  stage: true,
  speaker: true,
  error: true,
  bye: true,
};
const CLIENT: Record<ClientMessage["type"], true> = {
  offer: true,
  answer: true,
  offer_ice: true,
  answer_ice: true,
  hello: true,
  leave: true,
  golive: true,
  end: true,
  media_state: true,
  layer: true,
  rewind: true,
  restart: true,
  ping: true,
  stats: true,
  rename: true,
  chat: true,
  like: true,
  react: true,
  flag: true,
  moderate: true,
  desk: true,
  room_set: true,
  stage: true,
};

test("the types here are the types of the fixtures", () => {
  const types = (name: string) =>
    new Set(fixtures(name).map((line) => (JSON.parse(line) as { type: string }).type));
  expect(types("server.jsonl")).toEqual(new Set(Object.keys(SERVER)));
  expect(types("client.jsonl")).toEqual(new Set(Object.keys(CLIENT)));
});

test.each(fixtures("server.jsonl"))("the page takes %s", (line) => {
  resetFakes();
  const heard: ServerMessage[] = [];
  const signaling = new Signaling({
    ...fakeSignaling,
    hello: {},
    onMessage: (message) => heard.push(message),
  });
  FakeSocket.last.open();
  FakeSocket.last.says(line);
  const message = JSON.parse(line) as ServerMessage;
  // A pong is the socket's own business.
  expect(heard).toEqual(message.type === "pong" ? [] : [message]);
  signaling.close();
});
