/**
 * What a bad link does to datagrams, as pure functions of what came before: time and randomness are
 * inputs, so that a seed repeats a run's losses. `relay.mjs` has the sockets.
 */

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What goes through at once after a rest, as of a token bucket, unless said otherwise: two full packets. */
export const BURST_BYTES = 2_500;
/** The longest that a datagram waits; what would wait longer is dropped, as at a full queue. */
export const QUEUE_MS = 100;

/** A link of so many kbit/s with a queue; without a limit nothing waits. */
export class Bottleneck {
  #kbit = null;
  #burst;
  /** When all that was let in will be through. */
  #busyUntil = Number.NEGATIVE_INFINITY;

  /** `burst`: bytes that pass a limit at once after a rest. */
  constructor(burst = BURST_BYTES) {
    this.#burst = burst;
  }

  /** @param {number | null} kbit */
  limit(kbit) {
    this.#kbit = kbit;
  }

  /** When a datagram that comes now is through (ms, never before `now`); null when it is dropped. */
  admit(now, bytes) {
    if (this.#kbit === null) {
      // What is in the queue stays before what comes.
      return Math.max(now, this.#busyUntil);
    }
    const restedSince = now - (this.#burst * 8) / this.#kbit;
    const through = Math.max(restedSince, this.#busyUntil) + (bytes * 8) / this.#kbit;
    if (through - now > QUEUE_MS) return null;
    this.#busyUntil = through;
    return Math.max(now, through);
  }
}

/** RTCP that says something about repair and adaptation, by type and format. */
const FEEDBACK = { "205:1": "nack", "205:15": "twcc", "206:1": "pli", "206:4": "fir" };
const RTCP = { 200: "sr", 201: "rr", 202: "sdes", 203: "bye" };

/** The bit of RTP that says there is padding (RFC 3550, section 5.1). */
const PADDED = 0x20;

/**
 * What a datagram is, as far as it can be told without keys (RFC 7983, section 7). Of RTCP that is
 * the first packet of it: SRTCP leaves the first eight bytes in clear (RFC 3711, section 3.4).
 */
export function kindOf(datagram) {
  if (datagram.length < 2) return "other";
  const [first, second] = datagram;
  if (first < 4) return "stun";
  if (first >= 20 && first < 64) return "dtls";
  if (first < 128 || first >= 192) return "other";
  // RFC 5761, section 4.
  if (second < 192 || second > 223) return `${first & PADDED ? "padded" : "rtp"}:${second & 0x7f}`;
  return FEEDBACK[`${second}:${first & 0x1f}`] ?? RTCP[second] ?? "rtcp";
}

/** Numbers of one SSRC that are remembered: 8 s of 3 Mbit/s. */
const REMEMBERED = 2_048;

/** Tells RTP packets that are sent again on their own SSRC: RTP headers are in clear (RFC 3711, section 3.1). */
export class Repeats {
  #numbers = new Map();

  /** Whether a packet with this SSRC and number came before. */
  take(datagram) {
    if (datagram.length < 12) return false;
    const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    const [number, ssrc] = [view.getUint16(2), view.getUint32(8)];
    if (!this.#numbers.has(ssrc)) this.#numbers.set(ssrc, new Set());
    const numbers = this.#numbers.get(ssrc);
    if (numbers.has(number)) return true;
    numbers.add(number);
    // A set is in the order in which things were added.
    if (numbers.size > REMEMBERED) numbers.delete(numbers.values().next().value);
    return false;
  }
}
