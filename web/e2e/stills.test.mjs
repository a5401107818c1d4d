/* Pictures of rooms, made without a decoder of the codec: what a browser decodes of them is what the host showed. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "./lib/browsers.mjs";
import { Server } from "./lib/server.mjs";
import { goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const KINDS = { vp8: "image/webp", av1: "image/avif", h264: "video/mp4", vp9: "video/mp4" };
let chromium;

before(async () => {
  chromium = await Chromium.launch();
});
after(() => chromium?.close());

/** Runs in the page: decodes what is at an address, as a picture or as a film of one frame. */
async function decode([url, isVideo]) {
  let shown;
  if (isVideo) {
    shown = document.createElement("video");
    shown.muted = true;
    shown.src = url;
    // Its data may be there before its first frame can be drawn.
    await new Promise((resolve, reject) => {
      shown.requestVideoFrameCallback(resolve);
      shown.onerror = () => reject(new Error(shown.error.message));
    });
  } else {
    shown = new Image();
    shown.src = url;
    await shown.decode();
  }
  const canvas = new OffscreenCanvas(32, 18);
  const context = canvas.getContext("2d");
  context.drawImage(shown, 0, 0, 32, 18);
  const pixels = new Uint32Array(context.getImageData(0, 0, 32, 18).data.buffer);
  return { width: shown.videoWidth ?? shown.naturalWidth, colors: new Set(pixels).size };
}

for (const [codec, mime] of Object.entries(KINDS)) {
  test(`the picture of a room of ${codec} is of the kind ${mime}, and shows it`, async () => {
    const server = await Server.start({ env: { KAIBO_HOST_CODEC: codec } });
    try {
      const host = await chromium.open(`${server.base}/host?room=seen`, { name: codec });
      await goLive(host);
      const rooms = async () => (await fetch(`${server.base}/api/rooms`)).json();
      await until(async () => (await rooms())[0]?.still, { what: "a picture" });
      const url = `${server.base}/api/rooms/seen/still`;
      const answer = await fetch(url);
      assert.equal(answer.headers.get("content-type"), mime);
      const { byteLength } = await answer.arrayBuffer();
      assert.ok(byteLength <= 100_000, `${byteLength} bytes`);
      // What a camera sends first may be of one color; another picture follows after five seconds.
      let seen;
      await until(
        async () => {
          seen = await host.evaluate(decode, [url, mime.startsWith("video/")]);
          return seen.width >= 320 && seen.colors > 10;
        },
        { what: () => `a picture with colors; it is ${JSON.stringify(seen)}`, withinMs: 20_000 },
      );
      await host.close();
    } finally {
      await server.stop();
    }
  });
}
