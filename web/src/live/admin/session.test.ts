import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeApi, noContent, problem } from "../../testing/fake-api";
import { Api, asProblem } from "./api";
import { AdminSession } from "./session";

let server: FakeApi;
let api: Api;
let session: AdminSession;
let isIn: boolean;

beforeEach(() => {
  isIn = false;
  server = FakeApi.install();
  server.replies["GET /session"] = () =>
    isIn ? Response.json({ by: "owner", version: "1.0" }) : problem(401, "auth_required");
  api = new Api();
  session = new AdminSession(api);
});
afterEach(() => {
  vi.unstubAllGlobals();
  history.replaceState(null, "", "/");
});

const phase = () => session.getSnapshot().phase;

test("who has no login is asked for one, and is in with the password", async () => {
  server.replies["POST /session"] = ({ body }) => {
    if ((body as { password?: string }).password !== "open sesame") return problem(401, "auth_bad");
    isIn = true;
    return Response.json({}, { status: 201 });
  };
  await session.start();
  expect(phase()).toBe("login");
  expect((await session.loginByPassword("open barley"))?.status).toBe(401);
  expect(phase()).toBe("login");
  expect(await session.loginByPassword("open sesame")).toBeNull();
  expect(session.getSnapshot()).toMatchObject({ phase: "in", info: { version: "1.0" } });
});

test("a login goes by the server's key too", async () => {
  server.replies["POST /session"] = () => {
    isIn = true;
    return Response.json({}, { status: 201 });
  };
  await session.start();
  await session.loginByKey("the key");
  expect(server.last("POST /session")?.body).toEqual({ key: "the key" });
  expect(phase()).toBe("in");
});

test("the link of the first start leads to a password; its code leaves the address at once", async () => {
  server.replies["POST /owner"] = () => {
    isIn = true;
    return Response.json({}, { status: 201 });
  };
  history.replaceState({ place: 3 }, "", "/admin#owner=a%2Bb");
  await session.start();
  expect(phase()).toBe("choosing");
  expect([location.hash, location.pathname]).toEqual(["", "/admin"]);
  expect(history.state).toEqual({ place: 3 });
  expect(await session.choosePassword("12345678")).toBeNull();
  expect(server.last("POST /owner")?.body).toEqual({ code: "a+b", password: "12345678" });
  expect(phase()).toBe("in");
});

test("a code that was used is told, and whoever has a password goes to the login", async () => {
  server.replies["POST /owner"] = () => problem(401, "auth_bad");
  history.replaceState(null, "", "/admin#owner=old");
  await session.start();
  expect((await session.choosePassword("12345678"))?.status).toBe(401);
  expect(phase()).toBe("choosing");
  await session.giveUpCode();
  expect(phase()).toBe("login");
});

test("a login that ends while the page is open leads to the login, and says so", async () => {
  isIn = true;
  await session.start();
  isIn = false;
  server.replies["GET /rooms"] = () => problem(401, "auth_required");
  await api.list("/rooms").catch(asProblem);
  expect(session.getSnapshot()).toMatchObject({ phase: "login", wasIn: true });
});

test("logging out says nothing of an ended login", async () => {
  isIn = true;
  await session.start();
  server.replies["DELETE /session"] = noContent;
  await session.logout();
  expect(session.getSnapshot()).toMatchObject({ phase: "login", wasIn: false });
});

test("without an answer the page says so, and can try again", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed to fetch")));
  await session.start();
  expect(phase()).toBe("unreachable");
});

test("a server without logins is asked for its lists all the same", async () => {
  server.replies["GET /session"] = () => problem(404, "not_found");
  await session.start();
  expect(phase()).toBe("in");
});
