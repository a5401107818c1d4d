/**
 * The description with a wish for Opus in stereo (RFC 7587, section 6.1). Chromium plays what it
 * receives in one channel unless its own description says so; a sender of one channel is not asked
 * for more.
 */
export function preferStereo(sdp: string): string {
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => (section.startsWith("m=audio") ? inAudio(section) : section))
    .join("");
}

function inAudio(section: string): string {
  let text = section;
  for (const [rtpmap, format] of section.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2$/gim)) {
    const fmtp = new RegExp(`^a=fmtp:${format} .*$`, "m").exec(text)?.[0];
    if (fmtp === undefined) {
      text = text.replace(rtpmap, (line) => `${line}\r\na=fmtp:${format} stereo=1`);
    } else if (!/[ ;]stereo=/i.test(fmtp)) {
      text = text.replace(fmtp, (line) => `${line};stereo=1`);
    }
  }
  return text;
}
