// @vitest-environment node
import { afterEach, expect, test, vi } from "vitest";
import { sendThrough } from "./in-page.mjs";

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
