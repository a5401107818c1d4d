import { cleanup, configure, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../i18n/language";
import type { DoctorReport } from "../live/protocol";
import { DoctorPage } from "./doctor";

const REPORT: DoctorReport = {
  findings: [
    {
      check: "udp_buffers",
      level: "closed",
      text: { en: "The buffers are small.", zh: "缓冲区太小。" },
      advice: { en: "Run `sysctl -w`.", zh: "请运行 `sysctl -w`。" },
    },
    {
      check: "clock",
      level: "fine",
      text: { en: "The clock is right.", zh: "时钟准确。" },
      advice: null,
    },
  ],
  now: 0,
  udpPort: 3000,
  tcpPort: 3001,
  devices: [
    {
      device: "Safari, iPhone",
      origin: "http://10.0.0.1",
      clockAheadMs: 0,
      results: [{ path: "udp4", state: "closed", ms: 5_000 }],
    },
  ],
};

/** Whether the server takes the page for its own machine. */
let isOwn: boolean;
let serverAheadMs: number;

// A busy machine takes longer than the second of the default to load the code's part.
configure({ asyncUtilTimeout: 4_000 });

beforeEach(() => {
  isOwn = true;
  serverAheadMs = 0;
  languageStore.choose("en");
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  vi.stubGlobal(
    "WebSocket",
    class {
      readyState = 0;
      close() {}
    },
  );
  vi.stubGlobal("fetch", async (path: string) => {
    if (!isOwn) return new Response("{}", { status: 401 });
    if (path === "/api/doctor/tickets") {
      return Response.json({ ticket: "t1", expiresInS: 900, pages: ["http://10.0.0.1/doctor"] });
    }
    return Response.json({ ...REPORT, now: Date.now() + serverAheadMs });
  });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("shows how the server is, the worst first and what is fine folded away, in both languages", async () => {
  render(<DoctorPage />);
  const findings = await screen.findAllByTestId("doctor-finding");
  expect(findings.map(({ dataset }) => dataset.level)).toEqual(["closed", "fine"]);
  expect(findings[0]?.textContent).toContain("Run sysctl -w.");
  expect(findings[0]?.querySelector("code")?.textContent).toBe("sysctl -w");
  expect(findings[1]?.closest("details")?.open).toBe(false);
  cleanup();
  languageStore.choose("zh-CN");
  render(<DoctorPage />);
  expect((await screen.findAllByTestId("doctor-finding"))[0]?.textContent).toContain("缓冲区太小");
});

test("a way that does not work has a sentence that says what to do", async () => {
  render(<DoctorPage />);
  const way = await screen.findByTestId("way-https");
  expect(way.dataset.state).toBe("not_offered");
  expect(way.textContent).toContain("--tls local");
});

test("what a phone found is shown, and its code is there for others", async () => {
  render(<DoctorPage />);
  expect((await screen.findByTestId("doctor-device")).textContent).toContain("Safari, iPhone");
  expect((await screen.findByRole("img", { name: /QR code/ })).tagName).toBe("svg");
});

test("clocks that differ by more than 2 s are said", async () => {
  serverAheadMs = -30_000;
  render(<DoctorPage />);
  expect((await screen.findByText(/30 s ahead/)).textContent).toContain("NTP");
});

test("a stranger is asked for the key and told the command", async () => {
  isOwn = false;
  render(<DoctorPage />);
  const right = await screen.findByTestId("doctor-right");
  expect(right.textContent).toContain("kaibo doctor --phone");
  expect(screen.queryByTestId("way-udp4")).toBeNull();
  isOwn = true;
  fireEvent.change(screen.getByTestId("doctor-key"), { target: { value: "the key" } });
  fireEvent.submit(screen.getByTestId("doctor-key"));
  await screen.findByTestId("way-udp4");
});
