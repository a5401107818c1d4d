import { decodeQR } from "qr/decode.js";

/** What a phone reads that scans the code of this page: of a screenshot, not of what the page says. */
export async function scanQr(page) {
  const code = page.locator('svg[role="img"]:has(path[shape-rendering="crispEdges"])');
  await code.scrollIntoViewIfNeeded();
  const png = (await code.screenshot()).toString("base64");
  const { pixels, ...size } = await page.evaluate(readPixels, png);
  return decodeQR({ ...size, data: Uint8Array.from(Buffer.from(pixels, "base64")) });
}

/** Runs in a page: the pixels of a PNG. */
async function readPixels(png) {
  const bytes = Uint8Array.from(atob(png), (it) => it.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  // One call cannot have so many arguments.
  let pixels = "";
  for (let at = 0; at < data.length; at += 8_192) {
    pixels += String.fromCharCode(...data.subarray(at, at + 8_192));
  }
  return { width, height, pixels: btoa(pixels) };
}
