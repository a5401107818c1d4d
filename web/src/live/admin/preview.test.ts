import { afterEach, expect, test, vi } from "vitest";
import { Api } from "./api";
import { Preview, tokenFor } from "./preview";

afterEach(() => vi.unstubAllGlobals());

class FakePeer {
  static last: FakePeer;
  ontrack: ((event: { track: unknown }) => void) | null = null;
  localDescription: { sdp: string } | null = null;
  answer: unknown = null;
  isClosed = false;
  kinds: string[] = [];
  constructor() {
    FakePeer.last = this;
  }
  addTransceiver(kind: string) {
    this.kinds.push(kind);
  }
  async setLocalDescription() {
    this.localDescription = { sdp: "offer" };
  }
  async setRemoteDescription(answer: unknown) {
    this.answer = answer;
  }
  close() {
    this.isClosed = true;
  }
}

/** A server that answers as told, and what it was asked. */
function server(answer: () => Promise<Response> | Response) {
  const asked: [string, string, string | null][] = [];
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const method = init.method ?? "GET";
    asked.push([method, url, new Headers(init.headers).get("authorization")]);
    return method === "POST" && !url.endsWith("/layer") ? answer() : new Response();
  });
  return asked;
}

function created(): Response {
  const headers = { location: "/whep/studio/secret" };
  const response = new Response("answer", { status: 201, headers });
  Object.defineProperty(response, "url", { value: "https://live.example/whep/studio" });
  return response;
}

test("a preview is the picture alone, small, and ends its session", async () => {
  const asked = server(created);
  const preview = new Preview();
  await preview.start("studio", "token");
  expect(FakePeer.last.kinds).toEqual(["video"]);
  expect(FakePeer.last.answer).toEqual({ type: "answer", sdp: "answer" });
  preview.stop();
  expect(FakePeer.last.isClosed).toBe(true);
  expect(asked).toEqual([
    ["POST", "/whep/studio", "Bearer token"],
    ["POST", "https://live.example/whep/studio/secret/layer", "Bearer token"],
    ["DELETE", "https://live.example/whep/studio/secret", "Bearer token"],
  ]);
});

test("one that is stopped before the answer comes ends its session all the same", async () => {
  let answer: (response: Response) => void = () => undefined;
  const asked = server(() => new Promise((resolve) => (answer = resolve)));
  const preview = new Preview();
  const started = preview.start("studio", null);
  await vi.waitFor(() => expect(asked.length).toBe(1));
  preview.stop();
  answer(created());
  await started;
  expect(asked.map(([method]) => method)).toEqual(["POST", "DELETE"]);
  expect(FakePeer.last.answer).toBe(null);
});

test("where nobody is live there is no preview", async () => {
  server(() => new Response("", { status: 409 }));
  await expect(new Preview().start("studio", null)).rejects.toThrow("409");
});

test("a token is made for rooms that do not let everybody in, and for no other", async () => {
  const asked = server(() => Response.json({ token: "T" }, { status: 201 }));
  expect(await tokenFor(new Api(), "studio", "unlisted")).toBe(null);
  expect(asked).toEqual([]);
  expect(await tokenFor(new Api(), "studio", "invited")).toBe("T");
  expect(asked[0]?.[1]).toBe("/api/v1/tokens");
});
