// @vitest-environment node
import { afterEach, expect, test, vi } from "vitest";
import { offerNoRtx, sendThrough, watchFrames } from "./in-page.mjs";

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

test("an offer without RTX has none of its payload types and SSRCs, and all of the rest", async () => {
  const taken = [];
  class Peer {
    setLocalDescription(description) {
      taken.push(description);
    }
  }
  vi.stubGlobal("RTCPeerConnection", Peer);
  offerNoRtx();
  const lines = (...them) => [...them, ""].join("\r\n");
  const sdp = lines(
    "v=0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=rtpmap:111 opus/48000/2",
    "m=video 97 UDP/TLS/RTP/SAVPF 96 97 102 9 120",
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 nack",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96",
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 packetization-mode=1",
    "a=rtpmap:9 rtx/90000",
    "a=fmtp:9 apt=102",
    "a=rtpmap:120 ulpfec/90000",
    "a=ssrc-group:FID 1000 2000",
    "a=ssrc:1000 cname:x",
    "a=ssrc:2000 cname:x",
  );
  await new Peer().setLocalDescription({ type: "offer", sdp });
  await new Peer().setLocalDescription({ type: "answer", sdp });
  const left = lines(
    "v=0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=rtpmap:111 opus/48000/2",
    "m=video 97 UDP/TLS/RTP/SAVPF 96 102 120",
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 nack",
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 packetization-mode=1",
    "a=rtpmap:120 ulpfec/90000",
    "a=ssrc:1000 cname:x",
  );
  expect(taken).toEqual([
    { type: "offer", sdp: left },
    { type: "answer", sdp },
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
