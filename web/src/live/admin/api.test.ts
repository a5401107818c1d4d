import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeApi, noContent, problem } from "../../testing/fake-api";
import { Api, type ApiProblem, asProblem } from "./api";

let server: FakeApi;
let api: Api;

beforeEach(() => {
  server = FakeApi.install();
  api = new Api();
});
afterEach(() => vi.unstubAllGlobals());

async function problemFrom(asked: Promise<unknown>): Promise<ApiProblem> {
  return asProblem(await asked.catch((error: unknown) => error));
}

test("a page of a list says where the next one begins, and the cursor is sent", async () => {
  server.replies["GET /audit"] = ({ query }) =>
    Response.json(query.get("cursor") === "c2" ? { items: [3] } : { items: [1, 2], next: "c2" });
  expect(await api.list("/audit")).toEqual({ items: [1, 2], next: "c2" });
  expect(await api.list("/audit", { cursor: "c2", limit: 5 })).toEqual({ items: [3], next: null });
  expect(String(server.asked.at(-1)?.query)).toBe("cursor=c2&limit=5");
});

test("a list that is an array is one page", async () => {
  server.replies["GET /rooms"] = () => Response.json([{ room: "demo" }]);
  expect(await api.list("/rooms")).toEqual({ items: [{ room: "demo" }], next: null });
});

test("a problem has its code, its sentence and when to try again", async () => {
  server.replies["GET /a"] = () =>
    problem(429, "rate_limited", "slow down", { "retry-after": "7" });
  const { status, code, detail, retryAfterS } = await problemFrom(api.get("/a"));
  expect([status, code, detail, retryAfterS]).toEqual([429, "rate_limited", "slow down", 7]);
});

test("an answer of an older server or of a proxy is a problem too", async () => {
  server.replies["GET /old"] = () =>
    Response.json({ code: "bad_field", message: "watch is wrong" }, { status: 400 });
  server.replies["GET /proxy"] = () => new Response("<html>", { status: 502 });
  const old = await problemFrom(api.get("/old"));
  expect([old.code, old.detail]).toEqual(["bad_field", "watch is wrong"]);
  const proxy = await problemFrom(api.get("/proxy"));
  expect([proxy.status, proxy.code]).toEqual([502, "http_502"]);
});

test("a server that does not answer is a problem of its own", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed to fetch")));
  const { status, code } = await problemFrom(api.get("/session"));
  expect([status, code]).toEqual([0, "unreachable"]);
});

test("a change names the version that was read", async () => {
  server.replies["GET /rooms/a"] = () => Response.json({ room: "a" }, { headers: { etag: '"7"' } });
  server.replies["PUT /rooms/a"] = () => Response.json({ room: "a" });
  const { etag } = await api.getVersioned("/rooms/a");
  await api.put("/rooms/a", { watch: "everybody" }, etag);
  expect(server.last("PUT /rooms/a")?.headers.get("if-match")).toBe('"7"');
});

test("a POST without an answer has the same key when it is sent once more, and then another", async () => {
  let isDown = true;
  server.replies["POST /token-keys"] = () => {
    if (isDown) throw new TypeError("failed to fetch");
    return Response.json({ id: "KB1" }, { status: 201 });
  };
  const keyOf = () => server.asked.at(-1)?.headers.get("idempotency-key");
  const send = () => api.post("/token-keys", { name: "site" });
  await problemFrom(send());
  const first = keyOf();
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  isDown = false;
  await send();
  expect(keyOf()).toBe(first);
  await send();
  expect(keyOf()).not.toBe(first);
});

test("who is no longer known is told of at once; nothing to read is no fault", async () => {
  const lost = vi.fn();
  api.onUnauthorized = lost;
  server.replies["DELETE /session"] = noContent;
  await api.delete("/session");
  expect(lost).not.toHaveBeenCalled();
  server.replies["GET /rooms"] = () => problem(401, "auth_required");
  await problemFrom(api.list("/rooms"));
  expect(lost).toHaveBeenCalledOnce();
});
