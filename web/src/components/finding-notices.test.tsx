import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { languageStore } from "../i18n/language";
import type { Finding } from "../live/protocol";
import { FindingNotices } from "./finding-notices";

const ALL: Finding[] = [
  { code: "b_frames", message: "m" },
  { code: "keyframe_interval", message: "m", intervalMs: 8333 },
  { code: "ignores_pli", message: "m" },
  { code: "h264_profile", message: "m", profile: "High 4:4:4" },
  { code: "no_audio", message: "m" },
  { code: "no_opus", message: "m" },
  { code: "bitrate_over_limit", message: "m", kbps: 7200, limitKbps: 6000 },
  {
    code: "over_ceiling",
    message: "m",
    kbps: 60000,
    limitKbps: 50000,
    packets: 24500,
    limitPackets: 10000,
  },
  { code: "no_parameter_sets", message: "m" },
  { code: "unknown_media", message: "m" },
  { code: "lossy_uplink", message: "m", percent: 7 },
];

afterEach(cleanup);

test("each finding is a status that says what is wrong, with figures, and what to set", () => {
  languageStore.choose("en");
  render(<FindingNotices findings={ALL} />);
  const texts = screen.getAllByRole("status").map((status) => status.textContent ?? "");
  expect(texts).toHaveLength(ALL.length);
  const words = [
    "“Max B-frames” to 0",
    "8.3 s apart",
    "interval of 1 s",
    "profile High 4:4:4",
    "no sound",
    "to Opus",
    "7.2 Mbit/s are sent, more than the 6.0 Mbit/s",
    "24500 packets a second are sent; this server takes",
    "before each keyframe",
    "one stream for each m= line",
    "7% of what you send gets lost",
  ];
  for (const [n, part] of words.entries()) expect(texts[n]).toContain(part);
});

test("the same in Chinese", () => {
  languageStore.choose("zh-CN");
  render(<FindingNotices findings={ALL} />);
  const texts = screen.getAllByTestId("finding").map((it) => it.textContent ?? "");
  expect(texts[0]).toContain("「最大 B 帧」设为 0");
  expect(texts[1]).toContain("关键帧间隔 8.3 秒");
  expect(texts[6]).toContain("上限 6.0 Mbit/s");
  expect(texts[10]).toContain("上行丢包 7%");
  expect(texts.join("")).not.toMatch(/[{}]/);
});

test("a notice goes by itself when it is over, and the others stay as they are", () => {
  const { rerender } = render(<FindingNotices findings={ALL.slice(0, 2)} />);
  const kept = screen.getAllByRole("status")[1];
  rerender(<FindingNotices findings={ALL.slice(1, 2)} />);
  expect(screen.getAllByRole("status")).toEqual([kept]);
  rerender(<FindingNotices findings={[]} />);
  expect(screen.queryByRole("status")).toBeNull();
});

test("what a newer server finds is told in its own words", () => {
  const finding = { code: "too_new", message: "set x to y" } as unknown as Finding;
  render(<FindingNotices findings={[finding]} />);
  expect(screen.getByRole("status").textContent).toContain("set x to y");
});
