import { cleanup, configure, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { adminWords } from "../i18n/admin-words";
import { languageStore } from "../i18n/language";
import { navigate } from "../navigation";
import { FakeApi, noContent, problem } from "../testing/fake-api";
import { AdminPage } from "./admin";

// A busy machine takes longer than the second of the default.
configure({ asyncUtilTimeout: 4_000 });

const ROOM = { room: "studio", watch: "everybody", chat: "everybody", made: 1, live: "offline" };
let server: FakeApi;
let isIn: boolean;

beforeEach(async () => {
  isIn = true;
  languageStore.choose("en");
  await adminWords.load();
  server = FakeApi.install();
  vi.stubGlobal("scrollTo", () => undefined);
  server.replies["GET /session"] = () =>
    isIn ? Response.json({ by: "owner", version: "1.0" }) : problem(401, "auth_required");
  server.replies["GET /rooms"] = () =>
    isIn ? Response.json({ items: [] }) : problem(401, "auth_required");
  server.replies["GET /rooms/studio"] = () =>
    Response.json({ ...ROOM, keys: [], invites: [], viewers: 0 }, { headers: { etag: '"1"' } });
  navigate("/admin");
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const type = (testId: string, value: string) =>
  fireEvent.change(screen.getByTestId(testId), { target: { value } });

test("without rooms the page says what to do next, and makes one with a password", async () => {
  render(<AdminPage />);
  const empty = await screen.findByTestId("empty");
  fireEvent.click(within(empty).getByTestId("create-room"));
  server.replies["PUT /rooms/club"] = () => Response.json({}, { status: 201 });
  type("create-name", "club");
  fireEvent.click(screen.getByTestId("watch-password"));
  type("room-password", "short");
  fireEvent.submit(screen.getByTestId("create-name"));
  await screen.findByText(/at least 6 characters/, { selector: "[role=alert]" });
  expect(server.last("PUT /rooms/club")).toBeUndefined();
  type("room-password", "open sesame");
  fireEvent.submit(screen.getByTestId("create-name"));
  await screen.findByTestId("set-up");
  expect(server.last("PUT /rooms/club")?.body).toEqual({
    watch: "password",
    password: "open sesame",
  });
  expect(location.pathname).toBe("/admin/rooms/club");
});

test("a room of an older server, told as an array, has its page without what it does not know", async () => {
  server.replies["GET /rooms"] = () =>
    Response.json([{ room: "studio", watch: "unlisted", made: 1, keys: [] }]);
  server.replies["GET /rooms/studio"] = () =>
    Response.json({ room: "studio", watch: "unlisted", made: 1, keys: [] });
  render(<AdminPage />);
  fireEvent.click(await screen.findByTestId("room-tile"));
  await screen.findByTestId("room-rules");
  expect(screen.queryByTestId("room-invites")).toBeNull();
  expect(screen.queryByTestId("room-chat")).toBeNull();
});

test("a key is shown once, with the address for OBS", async () => {
  navigate("/admin/rooms/studio");
  render(<AdminPage />);
  await screen.findByTestId("room-keys");
  server.replies["POST /rooms/studio/keys"] = () =>
    Response.json({ id: 1, name: "Ann", made: 1, key: "the-secret" }, { status: 201 });
  type("make-key-name", "Ann");
  fireEvent.click(screen.getByTestId("make-key-go"));
  expect((await screen.findByTestId("new-key")).textContent).toBe("the-secret");
  expect(screen.getByTestId("new-key-whip").textContent).toMatch(/\/whip\/studio$/);
  fireEvent.click(screen.getByTestId("once-done"));
  expect(screen.queryByText("the-secret")).toBeNull();
});

test("rules that somebody else changed meanwhile are not overwritten unseen", async () => {
  navigate("/admin/rooms/studio");
  server.replies["PUT /rooms/studio"] = ({ headers }) =>
    headers.has("if-match") ? problem(412, "changed") : Response.json({});
  render(<AdminPage />);
  fireEvent.click(await screen.findByTestId("watch-unlisted"));
  fireEvent.click(screen.getByTestId("save-rules"));
  expect((await screen.findByTestId("admin-problem")).textContent).toContain("Somebody else");
  fireEvent.click(screen.getByTestId("save-rules"));
  await screen.findByText("Saved");
  expect(server.last("PUT /rooms/studio")?.body).toMatchObject({ watch: "unlisted" });
});

test("who has a room recorded is chosen, and left to the server again", async () => {
  navigate("/admin/rooms/studio");
  server.replies["PUT /rooms/studio"] = () => Response.json({});
  render(<AdminPage />);
  await screen.findByTestId("room-rules");
  const chosen = () => screen.getByTestId<HTMLSelectElement>("room-record").value;
  expect(chosen()).toBe("");
  type("room-record", "always");
  server.replies["GET /rooms/studio"] = () => Response.json({ ...ROOM, record: "always" });
  fireEvent.click(screen.getByTestId("save-rules"));
  await screen.findByText("Saved");
  expect(server.last("PUT /rooms/studio")?.body).toMatchObject({ record: "always" });
  expect(chosen()).toBe("always");
  type("room-record", "");
  fireEvent.click(screen.getByTestId("save-rules"));
  await screen.findByText("Saved");
  expect(server.last("PUT /rooms/studio")?.body).not.toHaveProperty("record");
});

test("a recording is called as its broadcast was", async () => {
  navigate("/admin/rooms/studio");
  const recording = { id: "r1", room: "studio", began: 1, ended: 2, files: [] };
  server.replies["GET /recordings"] = () =>
    Response.json({ items: [{ ...recording, title: "Friday night" }] });
  render(<AdminPage />);
  expect((await screen.findByTestId("recording-row")).textContent).toContain("Friday night");
});

test("a webhook can be told when a recording is ready", async () => {
  navigate("/admin/webhooks");
  server.replies["GET /webhooks"] = () => Response.json({ items: [] });
  server.replies["POST /webhooks"] = () => problem(400, "bad_field");
  render(<AdminPage />);
  fireEvent.click(await screen.findByTestId("add-webhook"));
  type("webhook-url", "https://hooks.example/");
  fireEvent.click(screen.getByLabelText("Recording ready"));
  fireEvent.submit(screen.getByTestId("webhook-url"));
  await screen.findByTestId("admin-problem");
  expect(server.last("POST /webhooks")?.body).toMatchObject({ events: ["recording.ready"] });
});

test("after a login that ended the page is where it was", async () => {
  navigate("/admin/rooms/studio");
  isIn = false;
  render(<AdminPage />);
  await screen.findByTestId("login-form");
  server.replies["POST /session"] = () => problem(429, "rate_limited", "", { "retry-after": "30" });
  type("login-secret", "open sesame");
  fireEvent.submit(screen.getByTestId("login-form"));
  expect((await screen.findByTestId("login-problem")).textContent).toContain("30 s");
  server.replies["POST /session"] = () => {
    isIn = true;
    return noContent();
  };
  fireEvent.submit(screen.getByTestId("login-form"));
  await screen.findByTestId("room-keys");
  expect(location.pathname).toBe("/admin/rooms/studio");
});

test.each(["broadcasts", "tokens", "webhooks", "settings", "audit"] as const)(
  "a server without %s breaks nothing",
  async (section) => {
    navigate(`/admin/${section}`);
    render(<AdminPage />);
    expect((await screen.findByTestId("admin-missing")).textContent).toContain("update");
  },
);

test("a broadcast says whose fault its freezes were, and has its curve as a table", async () => {
  navigate("/admin/broadcasts/7");
  server.replies["GET /broadcasts/7"] = () =>
    Response.json({
      id: 7,
      room: "studio",
      began: 0,
      ended: 120_000,
      durationS: 120,
      peak: 9,
      joins: 12,
      latencyMs: { p50: 400, p95: 900 },
      freezes: { n: 4, perHour: 0.5, byFault: { uplink: 3, lastMile: 1 } },
      timeline: [
        { at: 0, viewers: 5, kbps: 2000 },
        { at: 60_000, viewers: 9, kbps: 2100 },
      ],
    });
  render(<AdminPage />);
  expect((await screen.findByTestId("facts")).textContent).toContain("900 ms");
  expect(screen.getByTestId("faults").textContent).toContain("The host’s uplink3");
  const table = within(screen.getByTestId("timeline")).getByRole("table", { hidden: true });
  expect(table.textContent).toContain("2.1 Mbit/s");
});

test("the page speaks Chinese as well", async () => {
  languageStore.choose("zh-CN");
  await adminWords.load();
  render(<AdminPage />);
  expect((await screen.findByTestId("empty")).textContent).toContain("还没有直播间");
});
