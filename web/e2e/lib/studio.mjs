import { byTestId } from "./browsers.mjs";
import { PATIENCE_MS, until } from "./until.mjs";

/** Waits for the state that a page shows. */
export async function untilState(page, id, state, withinMs = PATIENCE_MS) {
  const read = () =>
    page.evaluate((selector) => {
      return document.querySelector(selector)?.dataset.state ?? null;
    }, byTestId(id));
  let now = null;
  await until(
    async () => {
      now = await read();
      return now === state;
    },
    { what: () => `${id} to be ${state}; it is ${now}`, withinMs },
  );
}

export const fanState = (page, state, withinMs) => untilState(page, "fan-state", state, withinMs);
export const hostState = (page, state, withinMs) => untilState(page, "host-state", state, withinMs);

/** Opens the camera, as far as the preview. */
export async function openCamera(page) {
  // Not every driver waits for what it is to click.
  await page.waitForSelector(byTestId("open-camera"));
  await page.click(byTestId("open-camera"));
  await page.waitForSelector(byTestId("go-live"));
}

/** Opens what the host gives to viewers: a link, a code. */
export async function openInvite(page) {
  await page.click(byTestId("invite"));
  await page.waitForSelector(byTestId("share-link"));
}

export async function closeDialog(page) {
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
}

/** From the host's page to being live; tells when the button was pressed, by the wall clock. */
export async function goLive(page) {
  await openCamera(page);
  const at = Date.now();
  await page.click(byTestId("go-live"));
  await hostState(page, "live");
  return at;
}

export async function endLive(page) {
  await page.click(byTestId("end-live"));
  await page.click(byTestId("confirm-end"));
  await hostState(page, "ended");
}

/** As the browser's own "Stop sharing" does, for which a browser without a window has no button. */
export function endShare(page) {
  return page.evaluate((preview) => {
    const [track] = document.querySelector(preview).srcObject.getVideoTracks();
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }, byTestId("host-preview"));
}

/** Opens the fan's settings over the picture, if they are not. */
export async function openGear(page) {
  if ((await page.$(byTestId("picture-menu"))) !== null) return;
  await page.hover(byTestId("fan-state"));
  await page.click(byTestId("gear"));
  await page.waitForSelector(byTestId("picture-menu"));
}

/** The labels of the devices in the preview. */
export function inUse(page) {
  return page.evaluate((preview) => {
    const tracks = document.querySelector(preview).srcObject.getTracks();
    return Object.fromEntries(tracks.map(({ kind, label }) => [kind, label]));
  }, byTestId("host-preview"));
}

export async function untilInUse(page, kind, label) {
  let now;
  const isThere = async () => {
    now = await inUse(page);
    return now[kind] === label;
  };
  await until(isThere, { what: () => `${label} to be in use; it is ${now[kind]}` });
}

/** What is sent, by kind; null where nothing is. */
export function sent(page) {
  return page.evaluate(() => {
    const senders = window.__kaibo.pc.getSenders();
    return senders.map(({ track }) => track?.label ?? null);
  });
}

/** The labels that a picker offers, without the system's default. */
export async function offered(picker) {
  const labels = await picker.locator("option").allTextContents();
  return labels.filter((label) => !/default/i.test(label));
}
