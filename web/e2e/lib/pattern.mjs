import { until } from "./until.mjs";

/** What the programs of tests publish: a colour in each quarter, from the top left on, and a tone. */
export const QUARTERS = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 0],
];
export const TONE = 440;

/** How far a colour may be off that was encoded, in each of red, green and blue. */
const TOLERANCE = 40;

export function isPattern(quarters) {
  return (
    quarters?.length === QUARTERS.length &&
    quarters.every((quarter, at) =>
      quarter.every((value, i) => Math.abs(value - QUARTERS[at][i]) <= TOLERANCE),
    )
  );
}

/** What a page's video shows and plays now; for both drivers. */
function perceive(page) {
  return page.evaluate(() => {
    const video = document.querySelector("video");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [64, 36];
    const context = canvas.getContext("2d");
    if (video.videoWidth) context.drawImage(video, 0, 0, 64, 36);
    const pixels = (x, y, width) => [...context.getImageData(x, y, width, 1).data];
    const quarters = [8, 28].flatMap((y) => [16, 48].map((x) => pixels(x, y, 1).slice(0, 3)));

    const hasSound = video.srcObject?.getAudioTracks().length > 0;
    if (hasSound && !window.__ears) {
      const audio = new AudioContext({ sampleRate: 48_000 });
      const analyser = new AnalyserNode(audio, { fftSize: 8192 });
      audio.createMediaStreamSource(video.srcObject).connect(analyser);
      window.__ears = { audio, analyser };
    }
    const { audio, analyser } = window.__ears ?? {};
    const spectrum = new Float32Array(analyser?.frequencyBinCount ?? 0);
    analyser?.getFloatFrequencyData(spectrum);
    const loudest = spectrum.reduce((best, level, i) => (level > spectrum[best] ? i : best), 0);
    const bin = audio ? audio.sampleRate / analyser.fftSize : 0;
    return {
      quarters,
      middle: pixels(0, 18, 64).join(),
      tone: loudest * bin,
      bin,
      level: spectrum[loudest] ?? null,
    };
  });
}

/** Waits until a page shows the coloured quarters, something that moves between them, and the tone. */
export async function untilPattern(page, who) {
  const before = await perceive(page);
  let now = before;
  await until(
    async () => {
      now = await perceive(page);
      const isHeard = now.bin > 0 && Math.abs(now.tone - TONE) <= now.bin && now.level > -60;
      return isPattern(now.quarters) && now.middle !== before.middle && isHeard;
    },
    {
      what: () => {
        const { middle, ...rest } = now;
        return `${who} to see the quarters and hear the tone; there is ${JSON.stringify(rest)}`;
      },
    },
  );
  return now;
}
