/*
 * A clock in the picture itself: the host's page draws the time into each picture, and a fan's page reads it when the
 * picture is shown. Both are on one machine and have one clock. All but `clockFrom` and `readClock` run in pages, so none of
 * those may use anything outside itself.
 */

/** Before the host's scripts: instead of a camera, a picture with the time in it, in milliseconds, as 20 bits. */
export function sendClock() {
  const [width, height, size] = [1280, 720, 128];
  let track = null;
  function make() {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { alpha: false });
    setInterval(() => {
      const now = Math.round(performance.timeOrigin + performance.now()) % 2 ** 20;
      for (let bit = 0; bit < 20; bit += 1) {
        context.fillStyle = (now >> bit) & 1 ? "#fff" : "#000";
        context.fillRect((bit % 10) * size, Math.floor(bit / 10) * size, size, size);
      }
      context.fillStyle = `hsl(${now % 360} 50% 50%)`;
      context.fillRect(0, 2 * size, width, height - 2 * size);
    }, 33);
    return canvas.captureStream(30).getVideoTracks()[0];
  }
  const { mediaDevices } = navigator;
  const original = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    // Asked all the same: devices get their names by it.
    const real = await original(constraints);
    track ??= make();
    const [camera] = real.getVideoTracks();
    if (!camera) return real;
    real.removeTrack(camera);
    camera.stop();
    real.addTrack(track.clone());
    return real;
  };
}

/** How late pictures are by the clock in them, and what the page's label says, medians of so many pictures. */
export function compareClocks(pictures) {
  const video = document.querySelector("video");
  const canvas = new OffscreenCanvas(80, 45);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? null;
  return new Promise((resolve) => {
    const [drawn, told] = [[], []];
    const next = () =>
      video.requestVideoFrameCallback((_, metadata) => {
        context.drawImage(video, 0, 0, 80, 45);
        const pixels = context.getImageData(0, 0, 80, 16).data;
        let time = 0;
        for (let bit = 0; bit < 20; bit += 1) {
          const [x, y] = [(bit % 10) * 8 + 4, Math.floor(bit / 10) * 8 + 4];
          if (pixels[(y * 80 + x) * 4] > 128) time += 2 ** bit;
        }
        const shown = performance.timeOrigin + metadata.expectedDisplayTime;
        const late = ((shown % 2 ** 20) - time + 2 ** 20) % 2 ** 20;
        // A picture that was read wrong is hours late.
        if (late < 5_000) drawn.push(late);
        const label = document.querySelector('[data-testid="latency"]')?.textContent ?? "";
        const [seconds] = /\d+\.\d+/.exec(label) ?? [];
        // Before the first clock it is an estimate.
        const isTrue = window.__kaibo.viewer.latency.latencyMs !== null;
        if (seconds && isTrue) told.push(Number(seconds) * 1000);
        if (drawn.length < pictures) next();
        else resolve({ drawn: median(drawn), told: median(told) });
      });
    next();
  });
}

/**
 * For so long, of each picture: the time that is in it, its RTP timestamp, when it was shown, and how late it was then by
 * the clock in it, in milliseconds.
 */
export function watchClock(forMs) {
  const video = document.querySelector("video");
  const canvas = new OffscreenCanvas(80, 45);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const began = performance.now();
  const seen = [];
  return new Promise((resolve) => {
    const next = () =>
      video.requestVideoFrameCallback((_, metadata) => {
        context.drawImage(video, 0, 0, 80, 45);
        const pixels = context.getImageData(0, 0, 80, 16).data;
        let time = 0;
        for (let bit = 0; bit < 20; bit += 1) {
          const [x, y] = [(bit % 10) * 8 + 4, Math.floor(bit / 10) * 8 + 4];
          if (pixels[(y * 80 + x) * 4] > 128) time += 2 ** bit;
        }
        const shown = performance.timeOrigin + metadata.expectedDisplayTime;
        const late = ((shown % 2 ** 20) - time + 2 ** 20) % 2 ** 20;
        const { expectedDisplayTime, rtpTimestamp } = metadata;
        seen.push({ time, rtp: rtpTimestamp, at: expectedDisplayTime - began, late });
        next();
      });
    next();
    setTimeout(() => resolve(seen), forMs);
  });
}

/** The time now, as the clock has it. */
export function clockNow() {
  return Math.round(performance.timeOrigin + performance.now()) % 2 ** 20;
}

/** From one time of the clock to another; it begins anew after 17 minutes. */
export function clockFrom(time, other) {
  return ((other - time + 1.5 * 2 ** 20) % 2 ** 20) - 2 ** 19;
}

/** The time in a picture of 80 points a row, by the light of its points. */
export function readClock(light) {
  let time = 0;
  for (let bit = 0; bit < 20; bit += 1) {
    const [x, y] = [(bit % 10) * 8 + 4, Math.floor(bit / 10) * 8 + 4];
    if (light[y * 80 + x] > 128) time += 2 ** bit;
  }
  return time;
}

/** The first and the last picture of a film, as the browser seeks to them: what `readClock` needs of each. */
export async function seekPictures(src) {
  const video = document.createElement("video");
  const canvas = new OffscreenCanvas(80, 45);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const heard = (name) =>
    new Promise((resolve, reject) => {
      video.addEventListener(name, resolve, { once: true });
      video.addEventListener("error", () => reject(new Error(video.error?.message)));
    });
  Object.assign(video, { src, muted: true });
  const at = async (seconds) => {
    const sought = heard("seeked");
    video.currentTime = seconds;
    await sought;
    context.drawImage(video, 0, 0, 80, 45);
    return [...context.getImageData(0, 0, 80, 16).data].filter((_, n) => n % 4 === 0);
  };
  await heard("loadeddata");
  const { duration } = video;
  return { last: await at(duration), first: await at(0), duration };
}
