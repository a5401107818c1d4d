// The chat as a host has it: it reads along, pins, deletes, and silences who disturbs.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive } from "./lib/studio.mjs";

describe("a host and the chat", () => {
  const chapter = story();
  let server;
  let chromium;
  let host;
  let ann;
  let bob;

  before(async () => {
    [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
  });
  after(async () => {
    await chromium?.close();
    await server?.stop();
  });

  const line = (page, text) => page.locator(byTestId("chat-line"), { hasText: text });

  async function enter(name) {
    const page = await chromium.open(`${server.base}/r/talk`, { name });
    await fanState(page, "live");
    await write(page, `this is ${name}`);
    await page.fill(byTestId("name-input"), name);
    await page.click(byTestId("name-save"));
    await line(page, `this is ${name}`).waitFor();
    return page;
  }

  async function write(page, text) {
    await page.fill(byTestId("chat-input"), text);
    await page.press(byTestId("chat-input"), "Enter");
  }

  async function does(action, text) {
    await line(host, text).hover();
    await line(host, text).locator("button").click();
    await host.click(`${byTestId("line-menu")} [data-action="${action}"]`);
  }

  chapter("reads what fans write, and is known as the host", async () => {
    host = await chromium.open(`${server.base}/host?room=talk`, { name: "host" });
    await goLive(host);
    ann = await enter("ann");
    bob = await enter("bob");
    for (const name of ["ann", "bob"]) await line(host, `this is ${name}`).waitFor();
    await write(host, "welcome");
    await host.fill(byTestId("name-input"), "the host");
    await host.click(byTestId("name-save"));
    await line(ann, "welcome").getByText("主播", { exact: true }).waitFor();
  });

  chapter("pins a line for everybody, and takes it down", async () => {
    await does("pin", "this is ann");
    const pinned = bob.locator(byTestId("pinned"));
    await pinned.getByText("this is ann").waitFor();
    await does("pin", "this is ann");
    await pinned.waitFor({ state: "detached" });
  });

  chapter("deletes a line for everybody", async () => {
    await write(bob, "spam");
    await line(ann, "spam").waitFor();
    await line(host, "spam").waitFor();
    await does("delete", "spam");
    for (const page of [host, ann, bob]) await line(page, "spam").waitFor({ state: "detached" });
  });

  chapter("mutes a fan, who is told, and nobody else", async () => {
    await does("mute", "this is bob");
    await bob.locator(byTestId("chat-problem"), { hasText: "你已被禁言" }).waitFor();
    assert.equal(await bob.isDisabled(byTestId("chat-input")), true);
    await write(ann, "still here");
    await line(host, "still here").waitFor();
  });
});
