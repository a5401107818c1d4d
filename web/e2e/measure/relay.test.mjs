// @vitest-environment node
import dgram from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { Relay } from "./relay.mjs";

const opened = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

async function open() {
  const socket = dgram.createSocket("udp4");
  opened.push(socket);
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

const PLI = Buffer.from([0x81, 206, 0, 2]);
const VIDEO = Buffer.from([0x90, 96, 0, 1]);

test("a peer's datagrams reach the server, and the server's come back to that peer", async () => {
  const [server, peer, other] = await Promise.all([open(), open(), open()]);
  const relay = await Relay.start({ to: server.address().port });
  try {
    for (const it of [peer, other]) {
      const came = once(server, "message");
      it.send(PLI, relay.port, "127.0.0.1");
      const [datagram, from] = await came;
      expect(datagram).toEqual(PLI);
      const back = once(it, "message");
      server.send(VIDEO, from.port, from.address);
      const [answer, source] = await back;
      expect(answer).toEqual(VIDEO);
      expect(source.port).toBe(relay.port);
    }
    const { toServer, toPeer } = await relay.counts();
    expect(toServer.kinds).toEqual({ pli: 2 });
    expect(toPeer.kinds).toEqual({ "rtp:96": 2 });
    expect(toPeer.bytes).toBe(2 * VIDEO.length);
  } finally {
    await relay.stop();
  }
});

test("a delay holds back each datagram, in its order", async () => {
  const [server, peer] = await Promise.all([open(), open()]);
  const relay = await Relay.start({ to: server.address().port, delayMs: 30 });
  try {
    const came = [];
    const all = new Promise((resolve) => {
      server.on("message", (datagram) => came.push(datagram[3]) === 5 && resolve());
    });
    const began = performance.now();
    for (let n = 0; n < 5; n += 1) {
      peer.send(Buffer.from([0x90, 96, 0, n]), relay.port, "127.0.0.1");
    }
    await all;
    expect(performance.now() - began).toBeGreaterThanOrEqual(29);
    expect(came).toEqual([0, 1, 2, 3, 4]);
  } finally {
    await relay.stop();
  }
});
