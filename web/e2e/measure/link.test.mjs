// @vitest-environment node
import { expect, test } from "vitest";
import { Bottleneck, BURST_BYTES, kindOf, QUEUE_MS, Repeats, randomFrom } from "./link.mjs";

const PACKET = 1_250;

test("a seed repeats its losses, and another one loses others", () => {
  const losses = (seed) => {
    const random = randomFrom(seed);
    return Array.from({ length: 10_000 }, () => random() < 0.05);
  };
  expect(losses(7)).toEqual(losses(7));
  expect(losses(7)).not.toEqual(losses(8));
  const share = losses(7).filter(Boolean).length / 10_000;
  expect(share).toBeGreaterThan(0.04);
  expect(share).toBeLessThan(0.06);
});

test("without a limit nothing waits", () => {
  const link = new Bottleneck();
  for (const now of [0, 0, 3]) expect(link.admit(now, PACKET)).toBe(now);
});

test("a capped link carries what it is capped at, however much comes", () => {
  const link = new Bottleneck();
  link.limit(1_000);
  let carried = 0;
  // 10 Mbit/s for ten seconds.
  for (let now = 0; now < 10_000; now += 1) {
    if (link.admit(now, PACKET) !== null) carried += PACKET;
  }
  const kbit = (carried * 8) / 10_000;
  expect(kbit).toBeGreaterThan(990);
  expect(kbit).toBeLessThan(1_020);
});

test("what would wait longer than the queue is long is dropped, and nothing overtakes", () => {
  const link = new Bottleneck();
  link.limit(1_000);
  const times = Array.from({ length: 40 }, () => link.admit(50, PACKET));
  const kept = times.filter((at) => at !== null);
  // Two pass at once; each of the others takes 10 ms.
  expect(BURST_BYTES).toBe(2 * PACKET);
  expect(kept.slice(0, 4)).toEqual([50, 50, 60, 70]);
  expect(kept).toHaveLength(12);
  expect(Math.max(...kept) - 50).toBe(QUEUE_MS);
  expect(times.slice(12).every((at) => at === null)).toBe(true);
});

test("a link may let a larger burst through at once, and no more than the rate after it", () => {
  const link = new Bottleneck(6 * PACKET);
  link.limit(1_000);
  const times = Array.from({ length: 8 }, () => link.admit(100, PACKET));
  expect(times).toEqual([100, 100, 100, 100, 100, 100, 110, 120]);
});

test("a link that widens carries first what waits", () => {
  const link = new Bottleneck();
  link.limit(1_000);
  for (let n = 0; n < 7; n += 1) link.admit(0, PACKET);
  link.limit(null);
  expect(link.admit(1, PACKET)).toBe(50);
  expect(link.admit(60, PACKET)).toBe(60);
});

test("datagrams are told apart without keys", () => {
  const kind = (...bytes) => kindOf(Uint8Array.from(bytes));
  expect(kind(0, 1, 0, 0)).toBe("stun");
  expect(kind(22, 254, 253)).toBe("dtls");
  expect(kind(0x90, 96)).toBe("rtp:96");
  expect(kind(0x90, 0x80 | 111)).toBe("rtp:111");
  expect(kind(0xb0, 96)).toBe("padded:96");
  expect(kind(0x80, 201)).toBe("rr");
  expect(kind(0x8f, 205)).toBe("twcc");
  expect(kind(0x81, 205)).toBe("nack");
  expect(kind(0x81, 206)).toBe("pli");
  expect(kind(0x8f, 206)).toBe("rtcp");
  expect(kind(200, 1)).toBe("other");
  expect(kind()).toBe("other");
});

test("a packet that is sent again on its own SSRC is told from the others", () => {
  const packet = (ssrc, number) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16BE(number & 0xffff, 2);
    bytes.writeUInt32BE(ssrc, 8);
    return bytes;
  };
  const repeats = new Repeats();
  const take = (ssrc, number) => repeats.take(packet(ssrc, number));
  expect([take(7, 1), take(7, 2), take(9, 1)]).toEqual([false, false, false]);
  expect([take(7, 1), take(9, 2)]).toEqual([true, false]);
  // When the numbers begin anew, no packet is taken for a repetition.
  let repeated = 0;
  for (let number = 3; number < 2 * 2 ** 16; number += 1) repeated += take(7, number) ? 1 : 0;
  expect(repeated).toBe(0);
  expect(repeats.take(Buffer.alloc(4))).toBe(false);
});
