import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket, fakeSignaling, makeFakePeer, resetFakes, welcome } from "../../testing/fakes";
import type { DoctorReport } from "../protocol";
import { Checkup, otherDevices } from "./checkup";
import { deviceName } from "./device-name";

const REPORT: DoctorReport = { findings: [], now: 0, udpPort: 3000, tcpPort: 3001, devices: [] };
const SIX_SECONDS = 6_000;

let checkup: Checkup;
/** Requests of the page: method, path and bearer. */
let asked: string[];
/** Who the server knows: tickets, and the key; `null` is its own machine. */
let known: (string | null)[];
let posted: Record<string, unknown> | null;
let serverAhead: number;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", class extends EventTarget {});
  resetFakes();
  asked = [];
  known = [];
  posted = null;
  serverAhead = 0;
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const bearer = new Headers(init.headers).get("authorization")?.replace("Bearer ", "") ?? null;
    asked.push(`${init.method ?? "GET"} ${path} ${bearer}`);
    if (!known.includes(bearer)) return new Response("{}", { status: bearer ? 403 : 401 });
    if (path === "/api/doctor/tickets") {
      known.push("made");
      return Response.json({ ticket: "made", expiresInS: 900, pages: ["http://10.0.0.1/doctor"] });
    }
    if (path === "/api/doctor") return Response.json({ ...REPORT, now: Date.now() + serverAhead });
    posted = JSON.parse(String(init.body));
    return new Response(null, { status: 204 });
  });
});

afterEach(() => {
  checkup.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const now = () => checkup.getSnapshot();
const states = () =>
  Object.fromEntries(Object.values(now().results).map(({ path, state }) => [path, state]));

function open(ticket: string | null): void {
  const track = { kind: "video", stop: () => undefined };
  const stream = { getVideoTracks: () => [track], getTracks: () => [track] };
  checkup = new Checkup({
    ticket,
    makePeer: makeFakePeer,
    signaling: fakeSignaling,
    makePicture: () => ({ stream: stream as unknown as MediaStream, stop: () => undefined }),
  });
}

/** The server welcomes every socket there is. */
async function welcomeAll(): Promise<void> {
  for (const socket of FakeSocket.made.filter(({ readyState }) => readyState === 0)) {
    socket.open();
    socket.says(welcome());
  }
  await pass(0);
}

test("with a ticket it tries every way at once, each in a room of its own", async () => {
  known = ["t1"];
  open("t1");
  await welcomeAll();
  expect(now().right).toBe("granted");
  await welcomeAll();
  const rooms = FakeSocket.made.map((socket) => String(socket.sent[0]?.room));
  const tried = rooms.filter((room) => room.startsWith("doctor-t1-"));
  expect(new Set(tried).size).toBe(5);
  for (const room of tried) expect(room).toMatch(/^doctor-t1-[a-z0-9]+$/);
  expect(states()).toMatchObject({ https: "not_offered", web_socket: "works" });
});

test("at the end the server is told what was found", async () => {
  known = ["t1"];
  serverAhead = 10_000;
  open("t1");
  await welcomeAll();
  await welcomeAll();
  await pass(2 * SIX_SECONDS);
  expect(now().running).toBe(false);
  expect(posted).toMatchObject({ origin: location.origin, device: expect.stringContaining(", ") });
  expect(posted?.clockAheadMs).toBeCloseTo(-10_000, -3);
  const results = posted?.results as { path: string }[];
  expect(results.map(({ path }) => path)).toEqual([
    "https",
    "web_socket",
    "udp4",
    "udp6",
    "tcp4",
    "tcp6",
    "turn",
  ]);
});

test("on the server's own machine no ticket is needed, and one is made for other devices", async () => {
  known = [null];
  open(null);
  await welcomeAll();
  expect(now()).toMatchObject({ right: "granted", ticket: { ticket: "made" } });
  expect(asked.slice(0, 2)).toEqual(["POST /api/doctor/tickets null", "GET /api/doctor made"]);
});

test("a stranger is shown what needs no right, and the key opens the rest", async () => {
  open(null);
  await welcomeAll();
  await pass(0);
  expect(now()).toMatchObject({ right: "none", running: false });
  expect(states()).toEqual({ https: "not_offered", web_socket: "works" });
  expect(posted).toBeNull();
  checkup.showKey("wrong");
  await welcomeAll();
  expect(now().right).toBe("wrong_key");
  known = ["right"];
  checkup.showKey("right");
  await welcomeAll();
  expect(now().right).toBe("granted");
});

test("a ticket that has expired is called so", async () => {
  open("old");
  await welcomeAll();
  expect(now().right).toBe("expired");
});

test("a socket that is never welcomed is closed after 5 s", async () => {
  open(null);
  await pass(4_900);
  expect(states()).not.toHaveProperty("web_socket");
  await pass(200);
  expect(states()).toMatchObject({ web_socket: "closed" });
  expect(now().running).toBe(false);
});

test("what this device found itself is not listed among the others", async () => {
  known = ["t1"];
  open("t1");
  const mine = {
    device: deviceName(navigator.userAgent),
    origin: location.origin,
    clockAheadMs: 0,
    results: [{ path: "https", state: "works", ms: null }],
  } as const;
  const other = { ...mine, device: "Safari, iPhone" };
  const snapshot = {
    ...now(),
    results: { https: mine.results[0] },
    report: { ...REPORT, devices: [other, mine] as never },
  };
  expect(otherDevices(snapshot)).toEqual([other]);
});

test.each([
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    "Safari, iPhone",
  ],
  [
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Chrome, Android",
  ],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
    "Edge, Windows",
  ],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"],
  ["curl/8.0", "?, ?"],
])("%s is called %s", (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name);
});
