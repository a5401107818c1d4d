import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  changed,
  codecFor,
  isKbps,
  pictureOf,
  recallSettings,
  rememberSettings,
} from "./send-settings";
import { remember } from "./storage";

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

test("what was chosen is there the next time", () => {
  const chosen = changed(recallSettings(), {
    quality: "ultra",
    fps: 60,
    kbps: 5_000,
    stereo: true,
  });
  rememberSettings(chosen);
  expect(recallSettings()).toEqual(chosen);
});

test("what makes no sense is as usual", () => {
  remember("send", { codec: "VP7", fps: 1_000, kbps: "many", stereo: true });
  expect(recallSettings()).toMatchObject({ codec: "auto", fps: 30, kbps: null, stereo: false });
});

test("stereo is for sound as it is", () => {
  const both = changed(recallSettings(), { stereo: true });
  expect(both).toMatchObject({ music: true, stereo: true });
  expect(changed(both, { music: false })).toMatchObject({ music: false, stereo: false });
});

test("a bit rate of one's own takes the place of the quality's", () => {
  const { maxBitrateBps, height } = pictureOf(changed(recallSettings(), { kbps: 2_500 }));
  expect([maxBitrateBps, height]).toEqual([2_500_000, 720]);
  expect([50, 100, 20_000, 20_001, 1.5].map(isKbps)).toEqual([false, true, true, false, false]);
});

test("the codec is the host's choice, else what the server wishes for and the browser can send", () => {
  const codecs = ["video/VP8", "video/H264"].map((mimeType) => ({ mimeType }));
  vi.stubGlobal("RTCRtpSender", { getCapabilities: () => ({ codecs }) });
  const usual = recallSettings();
  expect(codecFor(usual, "H264")).toBe("H264");
  expect(codecFor(usual, null)).toBe("VP8");
  expect(codecFor(usual, "AV1")).toBe("VP8");
  expect(codecFor(changed(usual, { codec: "VP9" }), "H264")).toBe("VP9");
});
