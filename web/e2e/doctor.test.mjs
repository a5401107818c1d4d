/* What `/doctor` finds from outside: every way to the server, tried with media, behind firewalls. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId } from "./lib/browsers.mjs";
import { story } from "./lib/story.mjs";
import { TrustedSite } from "./lib/trusted-site.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
const KEY = "right-key-of-the-test";
/** The server's machine has no IPv6. */
const NO_IPV6 = { udp6: "not_offered", tcp6: "not_offered" };
const PAGES = { https: "works", web_socket: "works" };

let site;

before(async () => {
  site = await TrustedSite.start("d", { args: ["--publish-key", KEY] });
});
after(async () => {
  await site?.stop();
});

/** What became of each way, once all were tried. */
async function untilTried(page) {
  const read = () =>
    page.evaluate(() => {
      const ways = [...document.querySelectorAll("[data-testid^='way-']")];
      const states = ways.map(({ dataset }) => [dataset.testid.slice(4), dataset.state]);
      const running = document.querySelector("[data-testid='doctor']")?.dataset.running;
      return { done: running === "false", states: Object.fromEntries(states) };
    });
  let now = null;
  await until(
    async () => {
      now = await read();
      return now.done;
    },
    { what: () => `all ways to be tried: ${JSON.stringify(now)}` },
  );
  return now.states;
}

const textOf = (page, selector) =>
  page.evaluate((it) => document.querySelector(it)?.textContent ?? "", selector);

async function openWithTicket(browser) {
  const { ticket } = await site.ask("POST", "/api/doctor/tickets", KEY);
  const page = await browser.open(site.url(`/doctor?lang=en#${ticket}`, browser), {
    name: "device",
  });
  return { page, ticket };
}

/** What the server was told by the device that came last. */
async function lastDevice(ticket) {
  const { devices } = await site.ask("GET", "/api/doctor", ticket);
  const results = devices[0].results.map(({ path, state }) => [path, state]);
  return { device: devices[0].device, states: Object.fromEntries(results) };
}

for (const name of ["chromium", "firefox"]) {
  const browserName = name === "chromium" ? "Chrome" : "Firefox";

  chapter(`in an open network ${browserName} finds every way that is offered`, async () => {
    await site.network.firewall("open");
    const { page, ticket } = await openWithTicket(site[name]);
    const expected = { ...PAGES, ...NO_IPV6, udp4: "works", tcp4: "works", turn: "works" };
    assert.deepEqual(await untilTried(page), expected);
    assert.deepEqual(await lastDevice(ticket), {
      device: `${browserName}, Linux`,
      states: expected,
    });
    await page.close();
  });

  chapter(`without UDP ${browserName} says which port is closed, and what works`, async () => {
    await site.network.firewall("tcp");
    const { page, ticket } = await openWithTicket(site[name]);
    const expected = { ...PAGES, ...NO_IPV6, udp4: "closed", tcp4: "works", turn: "works" };
    assert.deepEqual(await untilTried(page), expected);
    assert.match(
      await textOf(page, byTestId("way-udp4")),
      new RegExp(`Let UDP port ${site.server.udpPort} in: .*ufw allow ${site.server.udpPort}/udp`),
    );
    assert.match(await textOf(page, byTestId("doctor-summary")), /Closed from this device: 1/);
    assert.deepEqual((await lastDevice(ticket)).states, expected);
    await page.close();
  });

  chapter(`where only TLS passes ${browserName} finds TURN alone`, async () => {
    await site.network.firewall("tls", site.server.port);
    const { page } = await openWithTicket(site[name]);
    const expected = { ...PAGES, ...NO_IPV6, udp4: "closed", tcp4: "closed", turn: "works" };
    assert.deepEqual(await untilTried(page), expected);
    await page.close();
  });
}

chapter("without the right a device tries what needs none, and asks for it in words", async () => {
  await site.network.firewall("open");
  const page = await site.chromium.open(site.url("/doctor?lang=en"), {
    name: "stranger",
    // What Chromium writes of an answer that refuses.
    tolerated: [/status of 401|status of 403/],
  });
  assert.deepEqual(await untilTried(page), PAGES);
  assert.match(await textOf(page, byTestId("doctor-right")), /kaibo doctor --phone/);
  await page.fill(byTestId("doctor-key"), "a wrong key of the test");
  await page.press(byTestId("doctor-key"), "Enter");
  await page.waitForSelector(`${byTestId("doctor-right")}[data-right="wrong_key"]`);
  await until(async () => await untilTried(page), { what: "the second try" });
  await page.fill(byTestId("doctor-key"), KEY);
  await page.press(byTestId("doctor-key"), "Enter");
  await page.waitForSelector(byTestId("way-udp4"));
  assert.equal((await untilTried(page)).udp4, "works");
  await page.waitForSelector(byTestId("doctor-finding"), { state: "attached" });
  await page.close();
});

chapter("the page tries again when it is asked to, in the network of now", async () => {
  const { page } = await openWithTicket(site.chromium);
  assert.equal((await untilTried(page)).udp4, "works");
  await site.network.firewall("tcp");
  await page.click(byTestId("doctor-again"));
  await page.waitForSelector(`${byTestId("way-udp4")}[data-state="closed"]`);
  await page.close();
  site.chromium.checkFaults();
});
