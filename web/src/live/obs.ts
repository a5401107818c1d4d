import { withBase } from "./base-path";
import { pictureOf, type SendSettings } from "./send-settings";
import type { ZipEntry } from "./zip";

/** Where encoders publish (RFC 9725). */
export function whipUrl(room: string, origin = location.origin): string {
  return `${origin}${withBase(`/whip/${encodeURIComponent(room)}`)}`;
}

/** A line for a shell that sends a test picture; `key` is quoted for it. */
export function ffmpegLine(url: string, key: string | null): string {
  const authorization = key === null ? "" : `-authorization ${quoted(key)} `;
  return (
    "ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -re -f lavfi -i sine=frequency=440 " +
    "-c:v libx264 -profile:v baseline -pix_fmt yuv420p -preset veryfast -tune zerolatency " +
    "-bf 0 -g 30 -b:v 2M -c:a libopus -ar 48000 -ac 2 -b:a 96k " +
    `-f whip ${authorization}${quoted(url)}`
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** OBS has no simulcast before version 32: one layer has to be good for all. */
const AUDIO_KBPS = 160;

/** The files of an OBS profile (OBS 30 and later) that publishes in a room. */
export function obsProfile(
  room: string,
  url: string,
  key: string | null,
  settings: SendSettings,
): ZipEntry[] {
  const { width, height, maxBitrateBps } = pictureOf(settings);
  const name = `Kaibo ${room}`;
  const ini = [
    "[General]",
    `Name=${name}`,
    "",
    "[Output]",
    "Mode=Advanced",
    "",
    "[AdvOut]",
    "TrackIndex=1",
    "Encoder=obs_x264",
    "AudioEncoder=ffmpeg_opus",
    "ApplyServiceSettings=true",
    `Track1Bitrate=${AUDIO_KBPS}`,
    "",
    "[Video]",
    "BaseCX=1920",
    "BaseCY=1080",
    `OutputCX=${width}`,
    `OutputCY=${height}`,
    "FPSType=0",
    `FPSCommon=${settings.fps}`,
    "ColorFormat=NV12",
    "",
    "[Audio]",
    "SampleRate=48000",
    "ChannelSetup=Stereo",
    "",
  ].join("\n");
  const service = {
    type: "whip_custom",
    settings: { service: "WHIP", server: url, ...(key === null ? {} : { bearer_token: key }) },
  };
  const encoder = {
    rate_control: "CBR",
    bitrate: Math.round(maxBitrateBps / 1000),
    keyint_sec: 1,
    preset: "veryfast",
    profile: "main",
    tune: "zerolatency",
    x264opts: "bframes=0",
    bf: 0,
  };
  const folder = `kaibo-${room}`;
  return [
    { path: `${folder}/basic.ini`, text: ini },
    { path: `${folder}/service.json`, text: json(service) },
    { path: `${folder}/streamEncoder.json`, text: json(encoder) },
  ];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
