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

test("a fan's datagrams reach the server, and the server's come back to that fan", async () => {
  const [server, fan, other] = await Promise.all([open(), open(), open()]);
  const relay = await Relay.start({ to: server.address().port });
  try {
    for (const it of [fan, other]) {
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
    const { toServer, toFan } = await relay.counts();
    expect(toServer.kinds).toEqual({ pli: 2 });
    expect(toFan.kinds).toEqual({ "rtp:96": 2 });
    expect(toFan.bytes).toBe(2 * VIDEO.length);
  } finally {
    await relay.stop();
  }
});
