/* What measure:resilience sends a server that cannot be read; functions of a source of random numbers alone. */

const bytes = (random, length) =>
  Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
const pick = (random, list) => list[Math.floor(random() * list.length)];

/** Beginnings that lead to each parser (RFC 7983, section 7). */
const DATAGRAMS = [
  // A binding request with its cookie, and a length that may be wrong.
  (random) => {
    const head = Buffer.from("000100002112a442000000000000000000000000", "hex");
    head.writeUInt16BE(Math.floor(random() * 128) * 4, 2);
    bytes(random, 12).copy(head, 8);
    return head;
  },
  // A DTLS record: handshake, alert, change of cipher, application data.
  (random) => {
    const kind = Math.floor(random() * 4) + 20;
    const head = Buffer.from("16fefd00000000000000000000", "hex");
    head[0] = kind;
    head.writeUInt16BE(Math.floor(random() * 256), 11);
    return head;
  },
  // RTP and RTCP.
  (random) => Buffer.from([0x80 | Math.floor(random() * 64), Math.floor(random() * 256)]),
  (random) => Buffer.from([0x80, 200 + Math.floor(random() * 8), 0, Math.floor(random() * 32)]),
  // A channel of TURN, and what is nothing.
  () => Buffer.from([0x40, 0]),
  (random) => bytes(random, 1),
];

export function datagram(random) {
  const rest = bytes(random, Math.floor(random() * 64));
  return Buffer.concat([pick(random, DATAGRAMS)(random), rest]);
}

const HEADS = [
  "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
  "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
  "POST /whip/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
  "POST /whip/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  "POST /whep/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
  "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: !\r\n\r\n",
  "PATCH /whip/a/b HTTP/1.1\r\nHost: x\r\nIf-Match: \r\nContent-Length: 2\r\n\r\nv=",
  "OPTIONS * HTTP/1.1\r\n\r\n",
  "\r\n\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

/** A request with a byte of it changed. */
export function request(random) {
  const head = Buffer.from(pick(random, HEADS), "latin1");
  head[Math.floor(random() * head.length)] = Math.floor(random() * 256);
  return head;
}

const MESSAGES = [
  "{",
  "[]",
  '"',
  "null",
  '{"type":1}',
  '{"type":"hello"}',
  '{"type":"hello","v":"1","room":{}}',
  '{"type":"offer","sdp":"v=0\\r\\no=- 1 1 IN IP4 0\\r\\ns=-\\r\\nt=0 0\\r\\nm=video 9 UDP/TLS/RTP/SAVPF 96\\r\\n"}',
  '{"type":"answer","neg":-1,"sdp":""}',
  '{"type":"offer_ice","iceCandidate":{"candidate":"candidate:"}}',
  '{"type":"layer","video":[[[[[[[[[[]]]]]]]]]]}',
  `{"type":"ping","t":${"9".repeat(400)}}`,
];

/** A text message, with a byte of it changed every other time. */
export function message(random) {
  const text = Buffer.from(pick(random, MESSAGES));
  if (random() < 0.5) text[Math.floor(random() * text.length)] = 32 + Math.floor(random() * 94);
  return text;
}
