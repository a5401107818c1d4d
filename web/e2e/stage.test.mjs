import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { defineActor } from "./lib/actor.mjs";
import { Chromium, Firefox } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { serveProduction } from "./lib/seed-site.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { until } from "./lib/until.mjs";

const HOST = "kaibo";
/** More than a jitter buffer holds. */
const NEW_FRAMES = 12;
const NEW_PACKETS = 20;

describe("guests on stage", () => {
  const chapter = story();
  const actors = {};
  let chromium;
  let firefox;
  let site;
  let server;

  before(async () => {
    [chromium, firefox, server, site] = await Promise.all([
      Chromium.launch(),
      Firefox.launch(),
      Server.start(),
      serveProduction(),
    ]);
  });
  after(async () => {
    await Promise.all([chromium?.close(), firefox?.close()]);
    await site?.stop();
    await server?.stop();
  });

  /** Opens a blank page that acts in the room. */
  async function enter(who, role, browser = chromium) {
    const page = await browser.open(`${site.base}/blank`, {
      name: who,
      // A Firefox says so of a connection that the server has closed; what it sees is asked besides.
      tolerated: [/WebRTC: ICE failed/],
      scripts: [[defineActor, null]],
    });
    actors[who] = page;
    await act(who, role);
    return page;
  }

  async function act(who, role) {
    const url = `ws://localhost:${server.port}/ws`;
    const fields = { url, room: "stage", role, name: who, secret: `the secret of ${who}` };
    await actors[who].evaluate((options) => {
      window.actor = new window.Actor(options);
    }, fields);
  }

  const say = (who, message) => actors[who].evaluate((it) => window.actor.say(it), message);
  const publish = (who, options) => actors[who].evaluate((it) => window.actor.publish(it), options);
  const read = (who, field) => actors[who].evaluate((it) => window.actor[it], field);
  const received = (who, stream) => actors[who].evaluate((it) => window.actor.received(it), stream);
  const streamsOf = (who) => actors[who].evaluate(() => [...window.actor.streams.keys()]);
  const lastStep = async (who) => (await read(who, "steps")).at(-1);

  async function host(action, who) {
    const { stage } = await read("host", "state");
    const people = [...(await read("host", "queue")), ...stage.guests];
    const { uid } = people.find(({ name }) => name === who);
    await say("host", { type: "stage", action, uid });
  }

  const guestCalled = async (name, who = "host") =>
    (await read(who, "state")).stage.guests.find((guest) => guest.name === name);

  /** New frames and new sound of a stream arrive. */
  async function untilSees(who, stream) {
    const before = await received(who, stream);
    let now = before;
    await until(
      async () => {
        now = await received(who, stream);
        const isSeen = now.frames >= before.frames + NEW_FRAMES;
        return isSeen && now.packets >= before.packets + NEW_PACKETS;
      },
      { what: () => `${who} to see and hear ${stream}; it has ${JSON.stringify(now)}` },
    );
  }

  async function comesOn(who, options) {
    await until(async () => (await read(who, "messages")).includes("welcome"), { what: "welcome" });
    await say(who, { type: "stage", action: "ask" });
    await until(async () => (await read("host", "queue")).some(({ name }) => name === who), {
      what: `the host to see ${who} wait`,
    });
    await host("accept", who);
    await until(async () => (await lastStep(who)) === "accepted", { what: "to be let on" });
    await publish(who, options);
    await until(async () => (await guestCalled(who))?.live, { what: `${who} to be live` });
    return (await guestCalled(who)).stream;
  }

  const streams = {};

  chapter("a host is live, and two browsers watch", async () => {
    await enter("host", "host");
    await publish("host", { simulcast: true });
    await say("host", { type: "golive" });
    await enter("fan", "fan");
    await enter("fox", "fan", firefox);
    for (const who of ["fan", "fox"]) await untilSees(who, HOST);
  });

  chapter("a fan asks, is let on, and all see it, but not itself", async () => {
    await enter("ann", "fan");
    await untilSees("ann", HOST);
    streams.ann = await comesOn("ann", { simulcast: true });
    for (const who of ["fan", "fox", "host"]) await untilSees(who, streams.ann);
    for (const who of ["fan", "fox", "ann"]) await untilSees(who, HOST);
    assert.deepEqual(await streamsOf("ann"), [HOST], "ann is not sent herself");
    assert.deepEqual(await streamsOf("host"), [streams.ann], "the host is not sent itself");
  });

  chapter("a second guest, a Firefox, and the two see each other", async () => {
    streams.fox = await comesOn("fox");
    for (const who of ["fan", "host", "ann"]) await untilSees(who, streams.fox);
    await untilSees("fox", streams.ann);
    assert.ok(!(await streamsOf("fox")).includes(streams.fox));
    await untilSees("fox", HOST);
  });

  chapter("who comes later is offered all of them at once", async () => {
    await enter("late", "fan");
    for (const stream of [HOST, streams.ann, streams.fox]) await untilSees("late", stream);
    assert.equal(await read("late", "offers"), 1);
  });

  chapter("a guest that is muted by the host is seen and not heard", async () => {
    const { uid } = await guestCalled("ann");
    await say("host", { type: "stage", action: "mute", uid, on: true });
    await until(async () => !(await guestCalled("ann", "fan")).audio, { what: "audio: false" });
    // What was under way arrives.
    const before = await received("fan", streams.ann);
    await until(
      async () => (await received("fan", streams.ann)).frames > before.frames + NEW_FRAMES,
      { what: "frames" },
    );
    const { packets } = await received("fan", streams.ann);
    await until(
      async () => (await received("fan", streams.ann)).frames > before.frames + 3 * NEW_FRAMES,
      { what: "frames" },
    );
    assert.equal((await received("fan", streams.ann)).packets, packets);
    await say("host", { type: "stage", action: "mute", uid, on: false });
    await untilSees("fan", streams.ann);
  });

  chapter("a guest loads its page anew, and nobody negotiates", async () => {
    const offers = await read("fan", "offers");
    await actors.ann.reload();
    await act("ann", "fan");
    await until(async () => (await lastStep("ann")) === "accepted", { what: "the stage again" });
    await publish("ann", { simulcast: true });
    for (const who of ["fan", "host", "fox"]) await untilSees(who, streams.ann);
    assert.equal((await guestCalled("ann")).stream, streams.ann);
    assert.equal(await read("fan", "offers"), offers);
  });

  chapter("the host loads its page anew, and the guests stay", async () => {
    await actors.host.reload();
    await act("host", "host");
    await until(async () => (await read("host", "messages")).includes("welcome"), {
      what: "welcome",
    });
    await publish("host", { simulcast: true });
    for (const who of ["fan", "ann", "fox"]) await untilSees(who, HOST);
    for (const who of ["fan", "host"]) await untilSees(who, streams.ann);
    for (const who of ["fan", "host"]) await untilSees(who, streams.fox);
    assert.equal(await lastStep("fox"), "accepted");
  });

  chapter("a guest is dropped; the next takes its place, and the others go on", async () => {
    await host("drop", "ann");
    await until(async () => (await lastStep("ann")) === "dropped", { what: "dropped" });
    const before = await received("fan", streams.fox);
    await until(
      async () => {
        const directions = await actors.fan.evaluate(() => window.actor.directions());
        return directions.filter((it) => it === "inactive").length === 2;
      },
      { what: "the guest's media descriptions to be idle" },
    );
    await enter("bob", "fan");
    streams.bob = await comesOn("bob");
    for (const who of ["fan", "host", "fox", "late"]) await untilSees(who, streams.bob);
    const count = await actors.fan.evaluate(() => window.actor.directions().length);
    assert.equal(count, 6, "host, Firefox, and the place that was free");
    assert.ok((await received("fan", streams.fox)).frames > before.frames);
    await host("drop", "bob");
    await host("drop", "fox");
  });

  chapter(
    "the page of the snippets answers with onLive(sdp): it is seen, and sees the host",
    async () => {
      const guest = await chromium.open(`${site.base}/#camera`, {
        name: "guest of the snippets",
        spy: { port: server.port, role: "guest" },
      });
      // It names no room: it is in the default one, with a host of its own.
      const url = `ws://localhost:${server.port}/ws`;
      for (const [who, role] of [
        ["second host", "host"],
        ["second fan", "fan"],
      ]) {
        actors[who] = await chromium.open(`${site.base}/blank`, {
          name: who,
          scripts: [[defineActor, null]],
        });
        await actors[who].evaluate(
          (options) => {
            window.actor = new window.Actor(options);
          },
          { url, role, name: who },
        );
        if (role === "fan") continue;
        await until(async () => (await read(who, "messages")).includes("welcome"), {
          what: "welcome",
        });
        await publish(who);
        await say(who, { type: "golive" });
      }
      await untilSees("second fan", HOST);
      await until(async () => (await read("second host", "queue")).length === 1, {
        what: "the guest",
      });
      const [{ uid, name }] = await read("second host", "queue");
      assert.match(name, /^guest-\d+$/);
      await say("second host", { type: "stage", action: "accept", uid });
      await until(async () => (await guestCalled(name, "second host"))?.live, {
        what: "it to be live",
      });
      const { stream } = await guestCalled(name, "second host");
      for (const who of ["second fan", "second host"]) await untilSees(who, stream);
      await untilMoving(guest, "the guest of the snippets");
      const directions = await guest.evaluate(() =>
        window.__seen.peers
          .find((pc) => pc.connectionState === "connected")
          .getTransceivers()
          .map(({ currentDirection }) => currentDirection),
      );
      assert.deepEqual(directions, ["sendrecv", "sendrecv"]);
      await say("second host", { type: "stage", action: "drop", uid });
      await until(
        async () =>
          (await streamsOf("second fan")).length && !(await guestCalled(name, "second fan")),
        {
          what: "it to be gone",
        },
      );
      await untilSees("second fan", HOST);
    },
  );
});
