import dgram from "node:dgram";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Bottleneck, BURST_BYTES, kindOf, Repeats, randomFrom } from "./link.mjs";

/**
 * Addresses that a peer comes from at once; a browser has one for each of its interfaces and connections.
 * The one that was silent for the longest gives way.
 */
const MAX_CLIENTS = 32;
/** Datagrams that wait. What comes in 100 ms of a queue and half a second of delay is less. */
const MAX_WAITING = 4_096;
const SOCKET_BYTES = 4 << 20;

/**
 * Carries one peer's datagrams to a server and back, and treats them as a bad link does. It has a
 * thread of its own, so that it does not stand still while the tool works.
 */
export class Relay {
  #thread;

  /**
   * `to`: the server's UDP port on this machine. `loss`: the share that is lost each way, 0 to 1.
   * `delayMs`: each way. `seed`: an integer. `burst`: bytes that pass a limit at once after a rest.
   */
  static async start({ to, loss = 0, delayMs = 0, seed = 1, burst = BURST_BYTES }) {
    const relay = new Relay();
    const options = { workerData: { to, loss, delayMs, seed, burst } };
    relay.#thread = new Worker(fileURLToPath(import.meta.url), options);
    [relay.port] = await once(relay.#thread, "message");
    return relay;
  }

  /** From now on the way to the peer carries so many kbit/s; null is no limit. */
  limit(kbit) {
    this.#thread.postMessage({ limit: kbit });
  }

  /**
   * How many datagrams of each kind went through since the start, were lost, or met a full queue; and how
   * many RTP packets came with an SSRC and a number that had come before, whatever became of them.
   */
  async counts() {
    const answer = once(this.#thread, "message");
    this.#thread.postMessage({ counts: true });
    return (await answer)[0];
  }

  async stop() {
    await this.#thread.terminate();
  }
}

/** One way: counts, loses, delays. */
class Way {
  counts = { kinds: {}, lost: {}, overflowed: {}, repeated: {}, bytes: 0 };
  #repeats = new Repeats();
  #random;
  #loss;
  #delayMs;
  #bottleneck;
  #waiting = [];
  #timer = null;

  constructor({ loss, delayMs, seed, burst }) {
    this.#bottleneck = new Bottleneck(burst);
    this.#loss = loss;
    this.#delayMs = delayMs;
    this.#random = randomFrom(seed);
  }

  limit(kbit) {
    this.#bottleneck.limit(kbit);
  }

  carry(datagram, send) {
    const { kinds, lost, overflowed, repeated } = this.counts;
    const kind = kindOf(datagram);
    if (/^(rtp|padded):/.test(kind) && this.#repeats.take(datagram)) count(repeated, kind);
    if (this.#random() < this.#loss) {
      count(lost, kind);
      return;
    }
    const now = performance.now();
    const through = this.#bottleneck.admit(now, datagram.length);
    if (through === null || this.#waiting.length === MAX_WAITING) {
      count(overflowed, kind);
      return;
    }
    const at = through + this.#delayMs;
    const deliver = () => {
      count(kinds, kind);
      this.counts.bytes += datagram.length;
      send(datagram);
    };
    if (at <= now && this.#waiting.length === 0) {
      deliver();
      return;
    }
    this.#waiting.push({ at, deliver });
    this.#wait();
  }

  #wait() {
    if (this.#timer !== null || this.#waiting.length === 0) return;
    const ms = Math.max(0, this.#waiting[0].at - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const now = performance.now();
      while (this.#waiting.length > 0 && this.#waiting[0].at <= now) {
        this.#waiting.shift().deliver();
      }
      this.#wait();
    }, ms);
  }
}

/** The thread: a socket for the peer, and one towards the server for each of the peer's addresses. */
function run({ to, seed, ...link }) {
  const toServer = new Way({ ...link, seed });
  const toPeer = new Way({ ...link, seed: seed + 1 });
  const upstreams = new Map();
  const near = dgram.createSocket("udp4");

  function upstreamOf({ address, port }) {
    const key = `${address}:${port}`;
    const known = upstreams.get(key);
    if (known) {
      // Last in the order of the map.
      upstreams.delete(key);
      upstreams.set(key, known);
      return known;
    }
    if (upstreams.size === MAX_CLIENTS) {
      const [silent, socket] = upstreams.entries().next().value;
      upstreams.delete(silent);
      void socket.then((it) => it.close());
    }
    const far = dgram.createSocket("udp4");
    far.on("message", (datagram) => {
      toPeer.carry(datagram, (it) => near.send(it, port, address, ignore));
    });
    // A server that went away refuses; the peer finds out by itself.
    far.on("error", ignore);
    const ready = new Promise((resolve) => {
      far.connect(to, "127.0.0.1", () => {
        grow(far);
        resolve(far);
      });
    });
    upstreams.set(key, ready);
    return ready;
  }

  near.on("message", (datagram, from) => {
    const upstream = upstreamOf(from);
    toServer.carry(
      datagram,
      (it) => void upstream.then((far) => far.send(it, ignore)).catch(ignore),
    );
  });
  near.on("error", ignore);
  // All addresses: browsers use those of the network cards even to reach the same machine.
  near.bind(0, "0.0.0.0", () => {
    grow(near);
    parentPort.postMessage(near.address().port);
  });
  parentPort.on("message", ({ limit, counts }) => {
    if (limit !== undefined) toPeer.limit(limit);
    if (counts) parentPort.postMessage({ toServer: toServer.counts, toPeer: toPeer.counts });
  });
}

/** A keyframe comes as one burst. The system may grant less. */
function grow(socket) {
  socket.setRecvBufferSize(SOCKET_BYTES);
  socket.setSendBufferSize(SOCKET_BYTES);
}

function count(counts, kind) {
  counts[kind] = (counts[kind] ?? 0) + 1;
}

function ignore() {}

if (!isMainThread && workerData?.to !== undefined) run(workerData);
