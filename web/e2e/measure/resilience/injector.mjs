// Sends forged datagrams from an address of this namespace, from each of some ports, and says what came back:
//
//   node injector.mjs JSON
//
// The argument: `host` and `port` of the server, `from`, and `ports` (none: one of the system's choice, a stranger's).
import { randomBytes } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

const { host, port, from, ports } = JSON.parse(process.argv[2]);

/** A record of DTLS 1.2 in epoch 0, in clear. */
function record(kind, body) {
  const head = Buffer.from("16fefd0000000000000000", "hex");
  head[0] = kind;
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([head, length, body]);
}

/** A message of STUN (RFC 8489, section 5) with attributes of `[type, value]`. */
function stun(type, attributes = []) {
  const parts = attributes.map(([kind, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(kind, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(20);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(body.length, 2);
  head.writeUInt32BE(0x2112a442, 4);
  randomBytes(12).copy(head, 8);
  return Buffer.concat([head, body]);
}

const USERNAME = 0x0006;
const INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;

function forged() {
  const hello = Buffer.concat([
    Buffer.from("010000300000000000000030fefd", "hex"),
    randomBytes(46),
  ]);
  const user = Buffer.from("aaaaaaaa:bbbbbbbb");
  const rtp = Buffer.concat([Buffer.from("8060000100000000deadbeef", "hex"), randomBytes(40)]);
  return [
    // Alerts: handshake_failure, close_notify.
    record(21, Buffer.from([2, 40])),
    record(21, Buffer.from([1, 0])),
    record(22, hello),
    record(20, Buffer.from([1])),
    record(23, randomBytes(40)),
    rtp,
    // Goodbye, and a request for a keyframe.
    Buffer.concat([Buffer.from("81cb0001deadbeef", "hex"), randomBytes(18)]),
    Buffer.concat([Buffer.from("81ce0002deadbeefdeadbeef", "hex"), randomBytes(18)]),
    stun(0x0001),
    stun(0x0001, [[USERNAME, user]]),
    stun(0x0001, [
      [USERNAME, user],
      [INTEGRITY, randomBytes(20)],
    ]),
    stun(0x0111, [[ERROR_CODE, Buffer.from([0, 0, 4, 1])]]),
    Buffer.concat([Buffer.from("40000010", "hex"), randomBytes(16)]),
  ];
}

let [sent, sentBytes, received] = [0, 0, 0];
for (const local of ports.length > 0 ? ports : [0]) {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (datagram) => {
    received += datagram.length;
  });
  socket.bind(local, from);
  await once(socket, "listening");
  const times = ports.length > 0 ? 1 : 100;
  for (let n = 0; n < times; n += 1) {
    for (const datagram of forged()) {
      sent += 1;
      sentBytes += datagram.length;
      await new Promise((resolve) => socket.send(datagram, port, host, resolve));
    }
  }
  if (ports.length === 0) await delay(1_000);
  socket.close();
}
process.stdout.write(`${JSON.stringify({ sent, sentBytes, received })}\n`);
