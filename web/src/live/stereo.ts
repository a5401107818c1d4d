/**
 * The description with a wish for Opus in stereo (RFC 7587, section 6.1). Chromium plays what it
 * receives in one channel unless its own description says so; a sender of one channel is not asked
 * for more.
 */
export function preferStereo(sdp: string): string {
  return withOpus(sdp, { stereo: "1" });
}

/** How a host's sound is sent. */
export interface SoundFormat {
  music: boolean;
  stereo: boolean;
}

/** Opus at its best rate for two channels; speech takes a fifth of it. */
const MUSIC_BPS = 256_000;

/** The host's own description: what it may send (RFC 7587, section 6.1). */
export function offerSound(sdp: string, { stereo }: SoundFormat): string {
  return stereo ? withOpus(sdp, { stereo: "1", "sprop-stereo": "1" }) : sdp;
}

/** The server's answer, as the host's browser is to read it: it sends what the far side says that it wants. */
export function wantSound(sdp: string, { music, stereo }: SoundFormat): string {
  return withOpus(sdp, {
    ...(stereo ? { stereo: "1" } : {}),
    ...(music ? { maxaveragebitrate: String(MUSIC_BPS) } : {}),
  });
}

/** The description with these parameters of Opus, those that it says itself left as they are. */
function withOpus(sdp: string, parameters: Readonly<Record<string, string>>): string {
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => (section.startsWith("m=audio") ? inAudio(section, parameters) : section))
    .join("");
}

function inAudio(section: string, parameters: Readonly<Record<string, string>>): string {
  let text = section;
  for (const [rtpmap, format] of section.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2$/gim)) {
    const fmtp = new RegExp(`^a=fmtp:${format} .*$`, "m").exec(text)?.[0];
    const missing = Object.entries(parameters)
      .filter(([name]) => !new RegExp(`[ ;]${name}=`, "i").test(fmtp ?? ""))
      .map(([name, value]) => `${name}=${value}`)
      .join(";");
    if (missing === "") continue;
    text =
      fmtp === undefined
        ? text.replace(rtpmap, (line) => `${line}\r\na=fmtp:${format} ${missing}`)
        : text.replace(fmtp, (line) => `${line};${missing}`);
  }
  return text;
}
