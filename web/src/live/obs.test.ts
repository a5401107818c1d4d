import { expect, test } from "vitest";
import { ffmpegLine, obsProfile, whipUrl } from "./obs";
import { recallSettings } from "./send-settings";

const URL = "http://localhost:3000/whip/demo";

test("a room's name is written into the address as browsers do", () => {
  expect(whipUrl("直播", "https://live.test")).toBe("https://live.test/whip/%E7%9B%B4%E6%92%AD");
});

test("the line for ffmpeg quotes the key for the shell", () => {
  expect(ffmpegLine(URL, null)).not.toContain("-authorization");
  expect(ffmpegLine(URL, "it's a key")).toContain(`-authorization 'it'\\''s a key'`);
});

test("the profile publishes by WHIP, without B-frames and with a keyframe each second", () => {
  const files = obsProfile("demo", URL, "a key", recallSettings());
  const of = (name: string) => files.find(({ path }) => path.endsWith(`/${name}`))?.text ?? "";
  expect(files.map(({ path }) => path.split("/")[0])).toEqual(Array(3).fill("kaibo-demo"));
  expect(JSON.parse(of("service.json"))).toEqual({
    type: "whip_custom",
    settings: { service: "WHIP", server: URL, bearer_token: "a key" },
  });
  expect(JSON.parse(of("streamEncoder.json"))).toMatchObject({
    rate_control: "CBR",
    bitrate: 1800,
    keyint_sec: 1,
    bf: 0,
  });
  expect(of("basic.ini")).toContain("OutputCX=1280");
  expect(of("basic.ini")).toContain("AudioEncoder=ffmpeg_opus");
});

test("without a key there is none in the profile", () => {
  const files = obsProfile("demo", URL, null, recallSettings());
  expect(files.map(({ text }) => text).join()).not.toContain("bearer_token");
});
