import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { languageStore } from "../i18n/language";
import { RoomTakenNotice } from "./room-taken-notice";

const fetched = vi.fn();

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function answer(...codes: string[]) {
  const findings = codes.map((code) => ({ code, message: "m" }));
  fetched.mockResolvedValue(new Response(JSON.stringify({ findings })));
}

test("a room that is live from OBS says what is wrong, until it is over", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.stubGlobal("fetch", fetched);
  languageStore.choose("en");
  answer("b_frames");
  render(<RoomTakenNotice room="直播" />);
  const finding = await screen.findByTestId("finding");
  expect(finding.textContent).toContain("B-frames");
  expect(fetched.mock.calls[0]?.[0]).toBe("/api/rooms/%E7%9B%B4%E6%92%AD");
  answer();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(screen.queryByTestId("finding")).toBeNull();
  fetched.mockRejectedValue(new TypeError("no network"));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(screen.queryByTestId("finding")).toBeNull();
  cleanup();
  const n = fetched.mock.calls.length;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(fetched).toHaveBeenCalledTimes(n);
});
