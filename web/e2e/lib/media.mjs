import { PATIENCE_MS, until } from "./until.mjs";

/** What a page receives and shows now; for both drivers. */
export function readMedia(page) {
  return page.evaluate(async () => {
    const video = document.querySelector("video");
    const peers = window.__seen.peers.filter((pc) => pc.connectionState === "connected");
    const found = { frames: 0, energy: 0, bytes: 0, transport: null, codec: null };
    for (const pc of peers) {
      const report = await pc.getStats();
      for (const stat of report.values()) {
        if (stat.type === "inbound-rtp") {
          found.bytes += stat.bytesReceived ?? 0;
          found.frames += stat.framesDecoded ?? 0;
          found.energy += stat.totalAudioEnergy ?? 0;
          if (stat.kind === "video") found.codec = report.get(stat.codecId)?.mimeType ?? null;
        }
        if (stat.type === "transport") {
          const { srtpCipher, dtlsCipher, tlsVersion } = stat;
          found.transport = { srtpCipher, dtlsCipher, tlsVersion };
        }
      }
    }
    const canvas = document.createElement("canvas");
    canvas.width = 64;
    canvas.height = 36;
    const context = canvas.getContext("2d");
    if (video?.videoWidth) context.drawImage(video, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    let hash = 0;
    let light = 0;
    for (let i = 0; i < data.length; i += 1) {
      hash = (Math.imul(hash, 31) + data[i]) | 0;
      // Every fourth byte is the opacity.
      if (i % 4 !== 3) light += data[i];
    }
    return {
      ...found,
      hash,
      light,
      width: video?.videoWidth ?? 0,
      time: video?.currentTime ?? 0,
      tracks: video?.srcObject?.getTracks().length ?? 0,
    };
  });
}

/** More than a jitter buffer holds: so many new frames come from the network, not from before. */
const NEW_FRAMES = 12;

/** Waits until new frames are decoded, the clock of the video runs and its picture changes. */
export async function untilMoving(page, who, withinMs = PATIENCE_MS) {
  const before = await readMedia(page);
  let now = before;
  let fresh = 0;
  await until(
    async () => {
      const last = now;
      now = await readMedia(page);
      // Another connection counts from the start.
      fresh += now.frames >= last.frames ? now.frames - last.frames : now.frames;
      const moves = now.time !== before.time && now.width > 0;
      return fresh >= NEW_FRAMES && moves && now.hash !== before.hash && now.light > 0;
    },
    { what: () => `${who} to see a moving picture; it has ${JSON.stringify(now)}`, withinMs },
  );
  return now;
}

/** Waits until sound arrives: the fake microphone beeps once a second. */
export async function untilSound(page, who) {
  const before = await readMedia(page);
  let now = before;
  await until(
    async () => {
      now = await readMedia(page);
      return now.energy > before.energy && now.energy > 0;
    },
    { what: () => `${who} to hear a sound; it has ${JSON.stringify(now)}`, withinMs: PATIENCE_MS },
  );
  return now;
}

/** When the first frame was there, after the page was opened and by the wall clock. */
export async function firstFrame(page, who, withinMs = PATIENCE_MS) {
  return until(
    () =>
      page.evaluate(() => {
        const { firstFrameMs, firstFrameAt } = window.__seen;
        return firstFrameAt === null ? null : { sinceOpenedMs: firstFrameMs, at: firstFrameAt };
      }),
    { what: `the first frame of ${who}`, withinMs },
  );
}
