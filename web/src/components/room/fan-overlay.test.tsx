import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { languageStore } from "../../i18n/language";
import { VIEWER_START, type ViewerSnapshot } from "../../live/viewer-snapshot";
import { FanOverlay } from "./fan-overlay";

beforeEach(() => languageStore.choose("en"));
afterEach(cleanup);

function said(more: Partial<ViewerSnapshot>): string {
  render(<FanOverlay room="demo" snapshot={{ ...VIEWER_START, ...more }} hasFrame />);
  return screen.getByRole("status").textContent ?? "";
}

test("whose network is to blame for a picture that stands still is said", () => {
  expect(said({ phase: "stalled" })).toBe("Unstable connection");
  cleanup();
  expect(said({ phase: "interrupted" })).toContain("host’s network");
  cleanup();
  languageStore.choose("zh-CN");
  expect(said({ phase: "interrupted" })).toContain("主播网络不稳定");
});

test("who is without a path is told why, and that the page keeps trying", () => {
  const text = said({ phase: "error", problem: "ice_timeout", retrying: true });
  expect(text).toContain("firewall");
  expect(text).toContain("keeps trying");
  cleanup();
  expect(said({ phase: "error", problem: "room_full" })).not.toContain("keeps trying");
});

test("while no path comes the closed ports are named, with a link to the doctor", async () => {
  const noPath = { code: "closed", values: { host: "live.test", udp: 3000, tcp: 443 } } as const;
  for (const phase of ["connecting", "waiting", "reconnecting", "error"] as const) {
    said({ phase, noPath });
    const card = await screen.findByTestId("no-path");
    expect(card.textContent).toContain("neither UDP port 3000 nor TCP port 443 of live.test");
    expect(screen.getByRole("status").textContent).toContain("keeps trying");
    expect(screen.getByRole("link").getAttribute("href")).toBe("/doctor");
    cleanup();
  }
  expect(said({ phase: "ended", noPath })).not.toContain("neither");
});
