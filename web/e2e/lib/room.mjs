import { byTestId } from "./browsers.mjs";
import { until } from "./until.mjs";

/** Writes into the chat of a room; for both drivers. */
export async function say(page, text) {
  const input = await page.waitForSelector(byTestId("chat-input"));
  await input.type(text);
  await input.press("Enter");
}

/** Answers the question for a name. */
export async function sayName(page, name) {
  const input = await page.waitForSelector(byTestId("name-input"));
  await input.type(name);
  await page.click(byTestId("name-save"));
}

/** The lines of a chat, each with who wrote it. */
export const linesOf = (page) =>
  page.$$eval(byTestId("chat-line"), (all) => all.map((line) => line.textContent));

export async function untilLine(page, line) {
  let lines = [];
  await until(
    async () => {
      lines = await linesOf(page);
      return lines.includes(line);
    },
    { what: () => `the line "${line}"; there are ${JSON.stringify(lines)}` },
  );
}

/** What the page says on the stage in place of the picture. */
export const cardOf = (page) =>
  page.$$eval(`${byTestId("fan-state")} [role="status"]`, (all) => all[0]?.textContent ?? "");

export async function untilCard(page, words) {
  let card = "";
  await until(
    async () => {
      card = await cardOf(page);
      return words.test(card);
    },
    { what: () => `the stage to say ${words}; it says "${card}"` },
  );
}

/** How long the broadcast has been on air, by the page's timer, in seconds; null when it shows none. */
export async function timerOf(page) {
  const text = await page.$$eval(byTestId("timer"), (all) => all[0]?.textContent ?? null);
  if (text === null) return null;
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

/** Runs in a page: publishes a moving picture of this size by WHIP, as an encoder does, until the page is closed. */
async function encode({ endpoint, key, width, height }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const paint = canvas.getContext("2d");
  setInterval(() => {
    paint.fillStyle = `hsl(${performance.now() / 10} 80% 50%)`;
    paint.fillRect(0, 0, width, height);
  }, 40);
  const pc = new RTCPeerConnection();
  const [track] = canvas.captureStream().getTracks();
  pc.addTransceiver(track, { direction: "sendonly" });
  await pc.setLocalDescription();
  const authorization = key ? { authorization: `Bearer ${key}` } : {};
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/sdp", ...authorization },
    body: pc.localDescription.sdp,
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  await pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
  window.encoder = pc;
}

/** The page sends what it draws to `endpoint` (WHIP). */
export const publishDrawn = (page, { endpoint, key, width = 640, height = 360 }) =>
  page.evaluate(encode, { endpoint, key, width, height });
