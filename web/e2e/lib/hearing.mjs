import { until } from "./until.mjs";

/** What Chromium's fake microphone beeps with, twice a second. */
const BEEP_HZ = 400;
/** A tone that is no multiple of it. */
export const TONE_HZ = 3_000;
const LOUD_DB = -55;

/** Runs in a page: plays a tone for as long as the page is open. */
export function playTone(hz) {
  const audio = new AudioContext();
  const gain = new GainNode(audio, { gain: 0.5 });
  const tone = new OscillatorNode(audio, { frequency: hz });
  tone.connect(gain).connect(audio.destination);
  tone.start();
  // Kept, or it might be collected.
  window.__tone = gain;
}

/** Runs in a page: for how much of the last while the two tones of its video were loud, as `window.__heard()`. */
function listen({ beepHz, toneHz, loudDb }) {
  const audio = new AudioContext();
  const analyser = new AnalyserNode(audio, { fftSize: 2048, smoothingTimeConstant: 0 });
  const bins = new Float32Array(analyser.frequencyBinCount);
  const bin = (hz) => Math.round((hz * 2048) / audio.sampleRate);
  let track = null;
  let source = null;
  const seen = [];
  setInterval(() => {
    const [now] = document.querySelector("video").srcObject?.getAudioTracks() ?? [];
    if (now !== track) {
      source?.disconnect();
      source = now
        ? new MediaStreamAudioSourceNode(audio, { mediaStream: new MediaStream([now]) })
        : null;
      source?.connect(analyser);
      track = now;
    }
    analyser.getFloatFrequencyData(bins);
    seen.push({ beep: bins[bin(beepHz)], tone: bins[bin(toneHz)] });
    // A second and a half: three beeps.
    if (seen.length > 50) seen.shift();
  }, 30);
  window.__heard = () => {
    if (seen.length < 50) return null;
    const share = (name) => seen.filter((one) => one[name] > loudDb).length / seen.length;
    return { beep: share("beep"), tone: share("tone") };
  };
}

/** Waits until a fan hears these and nothing else of the two: `beep` of the microphone, `tone` of the screen. */
export async function untilHears(page, { beep, tone }) {
  const isListening = await page.evaluate(() => "__heard" in window);
  if (!isListening)
    await page.evaluate(listen, { beepHz: BEEP_HZ, toneHz: TONE_HZ, loudDb: LOUD_DB });
  let now = null;
  await until(
    async () => {
      now = await page.evaluate(() => window.__heard());
      if (now === null) return false;
      // A tone stays, a beep comes and goes.
      const hasTone = tone ? now.tone > 0.8 : now.tone < 0.1;
      return hasTone && now.beep > 0 === beep;
    },
    {
      what: () =>
        `${beep ? "a" : "no"} beep and ${tone ? "a" : "no"} tone; it hears ${JSON.stringify(now)}`,
    },
  );
}
