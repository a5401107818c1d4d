// @vitest-environment node
import { afterEach, expect, test, vi } from "vitest";
import { sendThrough, watchFrames } from "./in-page.mjs";

afterEach(() => vi.unstubAllGlobals());

test("a description leads to the relay, and to nothing else", async () => {
  const taken = [];
  class Peer {
    setRemoteDescription(description) {
      taken.push(description);
    }
  }
  vi.stubGlobal("RTCPeerConnection", Peer);
  sendThrough({ port: 4242 });
  const sdp = [
    "v=0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=candidate:1 1 udp 2122317823 192.0.2.2 55856 typ host",
    "a=candidate:2 1 UDP 2130706175 fd00::2 55856 typ host",
    "a=candidate:3 1 udp 2122317311 127.0.0.1 55856 typ host",
    "m=video 55856 UDP/TLS/RTP/SAVPF 96",
    "",
  ].join("\r\n");
  await new Peer().setRemoteDescription({ type: "offer", sdp });
  expect(taken).toEqual([
    {
      type: "offer",
      sdp: [
        "v=0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=candidate:1 1 udp 2122317823 192.0.2.2 4242 typ host",
        "a=candidate:3 1 udp 2122317311 127.0.0.1 4242 typ host",
        "m=video 4242 UDP/TLS/RTP/SAVPF 96",
        "",
      ].join("\r\n"),
    },
  ]);
});

test("a gap says how far apart its frames were made and came in, where the browser tells", () => {
  const window = {};
  let loaded = null;
  vi.stubGlobal("window", window);
  vi.stubGlobal("document", { addEventListener: (_, listener) => (loaded = listener) });
  watchFrames({ gapMs: 200 });
  let show = null;
  loaded({ target: { requestVideoFrameCallback: (callback) => (show = callback) } });
  const frame = { width: 1280, height: 720 };
  // The timestamp runs over between them.
  show(0, {
    ...frame,
    presentationTime: 0,
    presentedFrames: 1,
    rtpTimestamp: 2 ** 32 - 900,
    receiveTime: 5,
  });
  show(0, {
    ...frame,
    presentationTime: 300,
    presentedFrames: 2,
    rtpTimestamp: 3_600,
    receiveTime: 285,
  });
  show(0, {
    ...frame,
    presentationTime: 350,
    presentedFrames: 3,
    rtpTimestamp: 8_100,
    receiveTime: 335,
  });
  show(0, { ...frame, presentationTime: 600, presentedFrames: 4 });
  expect(window.__frames.gaps).toEqual([
    { at: 0, ms: 300, madeMs: 50, receivedMs: 280 },
    { at: 350, ms: 250 },
  ]);
});
