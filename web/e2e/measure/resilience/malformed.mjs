import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import { randomFrom } from "../link.mjs";
import { datagram, message, request } from "./malformed-rules.mjs";
import { hostAndFan, judged, longestGap, Site } from "./site.mjs";
import { BareSocket } from "./sockets.mjs";

const DATAGRAMS = 1_000_000;
const REQUESTS = 100_000;
const MESSAGES = 100_000;
const SEED = 1;
/** Below what makes browsers on the same machine wait for a core. */
const DATAGRAMS_PER_MS = 20;
const AT_ONCE = 60;
/** What is no whole request is answered later, or not at all. */
const PATIENCE_MS = 50;
/** Of a socket; the server closes it after 50 of those that it answers. */
const MESSAGES_EACH = 60;
/** The machine has to make what is sent as well. */
const GAP_MS = 1_000;
const SPARE_MB = 10;
/** Until what was closed is closed, and memory is given back. */
const CALM_MS = 15_000;

/** R21: what cannot be read, by UDP, HTTP and WebSocket, at a server with a host and a fan. */
export async function malformed(rig) {
  const network = "198.18.80.0/24";
  const site = await Site.start(rig, {
    isPlain: true,
    args: ["--trust-network", network, "--joins-per-second-in-all", "10000"],
  });
  const { fan } = await hostAndFan(site);
  const found = [];
  for (const [what, send] of [
    [`${DATAGRAMS} datagrams`, sendDatagrams],
    [`${REQUESTS} requests`, sendRequests],
    [`${MESSAGES} messages`, sendMessages],
  ]) {
    const [before, ofFan] = [await site.usage(), fan.standing()];
    const since = Date.now();
    await send(site, randomFrom(SEED));
    const tookS = (Date.now() - since) / 1000;
    await site.settle(CALM_MS);
    const after = await site.usage();
    const gapMs = longestGap(fan.frames(), since, Date.now() - 600);
    const lost = fan.standing().lost - ofFan.lost;
    const growsMb = (after.rssKb - before.rssKb) / 1000;
    const more = after.descriptors - before.descriptors;
    const lacks = [
      ...(growsMb < SPARE_MB ? [] : ["memory grows"]),
      ...(more <= 2 ? [] : ["descriptors stay open"]),
      ...(lost <= 0 ? [] : ["the fan lost packets"]),
      ...(gapMs <= GAP_MS ? [] : ["the fan froze"]),
    ];
    found.push(
      judged({
        name: `R21: ${what} that cannot be read`,
        goal: `no crash, memory +${SPARE_MB} MB at most, descriptors back, no packet of the fan lost, no gap above ${GAP_MS} ms`,
        figure: `${Math.round(tookS)} s; memory ${growsMb.toFixed(1)} MB more, descriptors ${more} more; packets lost ${lost}, longest gap ${gapMs} ms`,
        ok: lacks.length === 0,
        lacks: lacks.join(", "),
        ...{ before, after, gapMs, lost },
      }),
    );
  }
  return found;
}

async function sendDatagrams(site, random) {
  const socket = dgram.createSocket("udp4");
  socket.connect(site.server.udpPort, site.internet.address);
  await once(socket, "connect");
  socket.on("error", () => {});
  // The same few thousand again and again: making a million takes longer than sending them.
  const made = Array.from({ length: 20_000 }, () => datagram(random));
  for (let sent = 0; sent < DATAGRAMS; ) {
    for (let n = 0; n < DATAGRAMS_PER_MS * 10; n += 1, sent += 1) {
      socket.send(made[sent % made.length], () => {});
    }
    await site.settle(10);
  }
  socket.close();
}

async function sendRequests(site, random) {
  const { address: host } = site.internet;
  let left = REQUESTS;
  const one = async () => {
    const connection = net.connect({ host, port: site.server.port });
    const closed = new Promise((resolve) => connection.once("close", resolve));
    connection.on("error", () => {});
    connection.on("data", () => connection.destroy());
    connection.setTimeout(PATIENCE_MS, () => connection.destroy());
    connection.write(request(random));
    await closed;
  };
  const work = async () => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function sendMessages(site, random) {
  const { address: host } = site.internet;
  let left = MESSAGES;
  const work = async () => {
    while (left > 0) {
      const socket = await BareSocket.open({
        host,
        port: site.server.port,
        path: "/ws?room=other",
      });
      for (let n = 0; n < MESSAGES_EACH; n += 1, left -= 1) {
        const opcode = random() < 0.02 ? Math.floor(random() * 16) : 1;
        socket.frame(opcode, message(random));
      }
      // Until it is closed, or all was read.
      await socket.until(() => socket.closed !== null, "a close", 500).catch(() => {});
      await socket.close();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
