import { expect, test } from "vitest";
import { offerSound, preferStereo, wantSound } from "./stereo";

function description(...audio: string[]): string {
  return [
    "v=0",
    "t=0 0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
    "a=recvonly",
    ...audio,
    "m=video 9 UDP/TLS/RTP/SAVPF 111",
    "a=rtpmap:111 VP8/90000",
    "a=fmtp:111 max-fr=30",
    "",
  ].join("\r\n");
}

const OPUS = "a=rtpmap:111 opus/48000/2";

test("Chromium's answer asks for stereo, and nothing else changes", () => {
  const chromium = (fmtp: string) =>
    description("a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111", OPUS, fmtp, "a=rtcp-fb:111 nack");
  expect(preferStereo(chromium("a=fmtp:111 minptime=10;useinbandfec=1"))).toBe(
    chromium("a=fmtp:111 minptime=10;useinbandfec=1;stereo=1"),
  );
});

test.each([
  "a=fmtp:111 maxplaybackrate=48000;stereo=1;useinbandfec=1",
  "a=fmtp:111 stereo=0",
  "a=fmtp:111 useinbandfec=1; stereo=1",
])("%s stays, since it speaks of stereo", (fmtp) => {
  const sdp = description(OPUS, fmtp);
  expect(preferStereo(sdp)).toBe(sdp);
});

test("what the sender will send is another matter", () => {
  const sdp = preferStereo(description(OPUS, "a=fmtp:111 sprop-stereo=1"));
  expect(sdp).toBe(description(OPUS, "a=fmtp:111 sprop-stereo=1;stereo=1"));
});

test("parameters are added where there are none", () => {
  expect(preferStereo(description(OPUS))).toBe(description(OPUS, "a=fmtp:111 stereo=1"));
});

test.each(["", "v=0\r\n", description("a=rtpmap:0 PCMU/8000"), "answer to offer 1"])(
  "without Opus nothing changes",
  (sdp) => {
    expect(preferStereo(sdp)).toBe(sdp);
  },
);

test("music is asked for at its best rate, in two channels only if the host wants them", () => {
  const answer = description(OPUS, "a=fmtp:111 minptime=10;useinbandfec=1");
  const fmtp = (sdp: string) => /a=fmtp:111 minptime.*/.exec(sdp)?.[0];
  expect(wantSound(answer, { music: false, stereo: false })).toBe(answer);
  expect(fmtp(wantSound(answer, { music: true, stereo: false }))).toBe(
    "a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=256000",
  );
  expect(fmtp(wantSound(answer, { music: true, stereo: true }))).toBe(
    "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=256000",
  );
});

test("a host who sends two channels says so", () => {
  const offer = description(OPUS, "a=fmtp:111 minptime=10");
  expect(offerSound(offer, { music: true, stereo: false })).toBe(offer);
  expect(offerSound(offer, { music: true, stereo: true })).toContain(
    ";stereo=1;sprop-stereo=1\r\n",
  );
});
