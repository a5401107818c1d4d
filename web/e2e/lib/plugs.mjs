/**
 * Runs in a page before its own scripts: devices that a test plugs in and out, by their labels, as
 * `window.__plugs`. A browser without a person has no plug to pull. It must not use anything outside
 * itself.
 */
export function pluggable() {
  const { mediaDevices } = navigator;
  const list = mediaDevices.enumerateDevices.bind(mediaDevices);
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  const out = new Set();
  const tracks = [];

  mediaDevices.enumerateDevices = async () => (await list()).filter(({ label }) => !out.has(label));
  mediaDevices.getUserMedia = async (constraints) => {
    const devices = await list();
    for (const wanted of [constraints.audio, constraints.video]) {
      const id = wanted?.deviceId?.exact;
      const device = devices.find(({ deviceId }) => deviceId === id);
      if (device && out.has(device.label)) throw new OverconstrainedError("deviceId");
    }
    const stream = await open(constraints);
    tracks.push(...stream.getTracks());
    return stream;
  };

  const changed = () => mediaDevices.dispatchEvent(new Event("devicechange"));
  window.__plugs = {
    unplug(...labels) {
      for (const label of labels) out.add(label);
      for (const track of tracks) {
        if (track.readyState === "ended" || !labels.includes(track.label)) continue;
        track.stop();
        track.dispatchEvent(new Event("ended"));
      }
      changed();
    },
    plug(...labels) {
      for (const label of labels) out.delete(label);
      changed();
    },
    /** As a phone does to a microphone during a call. */
    pause(kind) {
      const track = tracks.findLast((one) => one.kind === kind && one.readyState === "live");
      track.dispatchEvent(new Event("mute"));
      return track.id;
    },
  };
}

export const unplug = (page, ...labels) =>
  page.evaluate((gone) => window.__plugs.unplug(...gone), labels);
export const plug = (page, ...labels) =>
  page.evaluate((back) => window.__plugs.plug(...back), labels);
export const pause = (page, kind) => page.evaluate((which) => window.__plugs.pause(which), kind);

/**
 * Runs in a page before its own scripts: camera and microphone, or what `method` asks for, fail with
 * this exception, after so long. `only`: questions for that kind alone.
 */
export function failing({
  name,
  message = "",
  constraint,
  afterMs = 0,
  only = null,
  method = "getUserMedia",
}) {
  const { mediaDevices } = navigator;
  // A blank page, as a browser begins with, has none.
  if (!mediaDevices) return;
  const open = mediaDevices[method].bind(mediaDevices);
  mediaDevices[method] = async (constraints) => {
    if (only && !constraints[only]) return open(constraints);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const error = new DOMException(message, name);
    throw constraint ? Object.assign(error, { constraint }) : error;
  };
}
