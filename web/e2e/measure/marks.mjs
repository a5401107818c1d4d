/*
 * Whether sound and picture belong together, by what is in them: a beep with each flash. What the
 * browser believes itself (`estimatedPlayoutTimestamp`) rests on the server's sender reports; this
 * does not. The functions run in pages, so none may use anything outside itself.
 */

/**
 * Before the host's scripts: instead of a camera and a microphone, a flash and a beep each second. `isDetailed`: on a
 * picture that costs bits, as a camera's does.
 */
export function sendMarks({ isDetailed = false } = {}) {
  const MARK_MS = 120;
  const [width, height] = [1280, 720];
  let made = null;

  /** Half a picture of coloured squares. */
  function tiled() {
    const made = new OffscreenCanvas(width, height / 2);
    const context = made.getContext("2d", { alpha: false });
    for (let at = 0; at < (width / 16) * (height / 32); at += 1) {
      context.fillStyle = `hsl(${(at * 137) % 360} 60% ${30 + ((at * 53) % 40)}%)`;
      context.fillRect((at * 16) % width, Math.floor((at * 16) / width) * 16, 16, 16);
    }
    return made;
  }

  function make() {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { alpha: false });
    const audio = new AudioContext();
    const tone = new OscillatorNode(audio, { frequency: 1_000 });
    const gate = new GainNode(audio, { gain: 0 });
    const sound = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
    tone.connect(gate).connect(sound);
    tone.start();
    // The audio clock goes on in steps and stands still when the machine is late: of the readings
    // of the last two seconds the earliest is the nearest to the truth.
    const readings = [];
    const flash = (isOn) => {
      context.fillStyle = isOn ? "#fff" : "#000";
      context.fillRect(0, 0, width / 4, height / 4);
    };
    const tile = isDetailed ? tiled() : null;
    let next = 1;
    let n = 0;
    setInterval(() => {
      readings.push(performance.now() - audio.currentTime * 1000);
      if (readings.length > 60) readings.shift();
      n += 1;
      if (tile) context.drawImage(tile, 0, height / 4 + ((n * 7) % (height / 4)));
      context.fillStyle = `hsl(${n % 360} 60% 40%)`;
      context.fillRect(width / 4 + ((n * 8) % (width / 2)), height / 2, width / 4, height / 3);
      if (audio.currentTime < next - 0.3) return;
      gate.gain.setValueAtTime(0.5, next);
      gate.gain.setValueAtTime(0, next + MARK_MS / 1000);
      const inMs = next * 1000 + Math.min(...readings) - performance.now();
      setTimeout(() => flash(true), inMs);
      setTimeout(() => flash(false), inMs + MARK_MS);
      next += 1;
    }, 33);
    const [video] = canvas.captureStream(30).getVideoTracks();
    return { video, audio: sound.stream.getAudioTracks()[0] };
  }

  const { mediaDevices } = navigator;
  const original = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    // Asked all the same: devices get their names by it.
    const real = await original(constraints);
    made ??= make();
    const tracks = real.getTracks().map(({ kind }) => made[kind].clone());
    for (const track of real.getTracks()) track.stop();
    return new MediaStream(tracks);
  };
}

/** Before a page's scripts: notes when the video it shows flashes, and when its sound beeps. */
export function watchMarks() {
  const seen = { flashes: [], beeps: [], hears: false };
  Object.defineProperty(window, "__marks", { value: seen });
  const followed = new WeakSet();

  function watchPicture(video) {
    const canvas = new OffscreenCanvas(4, 4);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    let wasLit = true;
    const next = () =>
      video.requestVideoFrameCallback((_, { presentationTime, width, height }) => {
        // Well inside the part that flashes.
        context.drawImage(video, 0, 0, width / 8, height / 8, 0, 0, 4, 4);
        const isLit = context.getImageData(0, 0, 4, 4).data[21] > 128;
        if (isLit && !wasLit) seen.flashes.push(presentationTime);
        wasLit = isLit;
        next();
      });
    next();
  }

  function watchSound(track) {
    const audio = new AudioContext();
    const source = new MediaStreamAudioSourceNode(audio, { mediaStream: new MediaStream([track]) });
    const analyser = new AnalyserNode(audio, { fftSize: 8_192 });
    source
      .connect(analyser)
      .connect(new GainNode(audio, { gain: 0 }))
      .connect(audio.destination);
    const samples = new Float32Array(analyser.fftSize);
    const readings = [];
    let lastBeep = Number.NEGATIVE_INFINITY;
    setInterval(() => {
      // Until the person's first click; in a Firefox without an audio device for ever.
      if (audio.state !== "running") return void audio.resume();
      seen.hears = true;
      const now = audio.currentTime;
      readings.push(performance.now() - now * 1000);
      if (readings.length > 50) readings.shift();
      analyser.getFloatTimeDomainData(samples);
      const at = samples.findIndex((it) => Math.abs(it) > 0.05);
      // One that began before these samples was late to be looked at.
      if (at < 100) return;
      const beep =
        now * 1000 + Math.min(...readings) - ((samples.length - at) * 1000) / audio.sampleRate;
      // One beep is in several readings; only the first has its beginning.
      if (beep - lastBeep > 500) seen.beeps.push(beep);
      lastBeep = beep;
    }, 40);
  }

  const follow = ({ target }) => {
    const track = target.srcObject?.getAudioTracks()[0];
    if (followed.has(target) || !track) return;
    followed.add(target);
    watchPicture(target);
    watchSound(track);
  };
  document.addEventListener("loadedmetadata", follow, true);
  // The sound's track may come after the picture's.
  document.addEventListener("timeupdate", follow, true);
}

export function readMarks() {
  return window.__marks;
}

/**
 * How long each flash took from one picture to another, in milliseconds. Both are lists of when a page showed them, by the
 * wall clock; those that only one of them saw are left out.
 */
export function delaysOf(sent, seen) {
  return seen
    .map((at) => at - Math.max(...sent.filter((from) => from <= at)))
    .filter((ms) => ms < 900);
}

/** By how much each flash came before its beep, in milliseconds; those without one are left out. */
export function pairMarks({ flashes, beeps }, from = Number.NEGATIVE_INFINITY) {
  return flashes
    .filter((at) => at >= from)
    .map((flash) => {
      const apart = beeps.map((beep) => beep - flash);
      return apart.reduce((best, it) => (Math.abs(it) < Math.abs(best) ? it : best), 500);
    })
    .filter((ms) => Math.abs(ms) < 400);
}
