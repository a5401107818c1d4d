import { randomBytes } from "node:crypto";
import net from "node:net";
import tls from "node:tls";

/** What is kept of what a server says. */
const KEPT = 64;

/** A WebSocket (RFC 6455) as a bare connection, for clients that behave badly. */
export class BareSocket {
  /** What the server said last, parsed. */
  said = [];
  closed = null;
  #buffer = Buffer.alloc(0);
  #waiting = [];
  #isOpen = false;

  /** `authority`: a PEM text to trust, for wss. */
  static async open({ host, port, path = "/ws", authority = null, local = undefined }) {
    const it = new BareSocket();
    const options = { host, port, localAddress: local };
    it.connection = authority ? tls.connect({ ...options, ca: authority }) : net.connect(options);
    it.connection.on("error", () => {});
    it.connection.on("close", () => {
      it.closed ??= 1006;
      for (const { reject } of it.#waiting.splice(0)) reject(new Error("the socket was closed"));
    });
    it.connection.on("data", (chunk) => it.#take(chunk));
    const scheme = authority ? "https" : "http";
    const authorityOf = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    it.connection.write(
      [
        `GET ${path} HTTP/1.1`,
        `Host: ${authorityOf}`,
        `Origin: ${scheme}://${authorityOf}`,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
        "\r\n",
      ].join("\r\n"),
    );
    await it.until(() => it.#isOpen || null, "the upgrade");
    return it;
  }

  say(message) {
    this.frame(1, Buffer.from(typeof message === "string" ? message : JSON.stringify(message)));
  }

  /** A frame of any kind; `first` overrides its first byte. */
  frame(opcode, payload, first = 0x80 | opcode) {
    if (this.closed !== null) return;
    const length = payload.length;
    const head =
      length < 126
        ? Buffer.from([first, 0x80 | length])
        : Buffer.from([first, 0xfe, length >> 8, length & 0xff]);
    const mask = randomBytes(4);
    const masked = Buffer.from(payload);
    for (let n = 0; n < length; n += 1) masked[n] ^= mask[n & 3];
    this.connection.write(Buffer.concat([head, mask, masked]));
  }

  /** Waits for a message that a check accepts. */
  async message(check, what) {
    return this.until(() => this.said.find(check), what);
  }

  async until(check, what, withinMs = 10_000) {
    const found = check();
    if (found) return found;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited for ${what}`)), withinMs);
      const waiting = {
        look: () => {
          const now = check();
          if (!now) return false;
          clearTimeout(timer);
          resolve(now);
          return true;
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiting.push(waiting);
    });
  }

  /** Reads no more; what the server sends fills buffers. */
  stopReading() {
    this.connection.pause();
  }

  async close() {
    if (this.closed !== null) return;
    const closed = new Promise((resolve) => this.connection.once("close", resolve));
    this.connection.destroy();
    await closed;
  }

  #take(chunk) {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (!this.#isOpen) {
      const end = this.#buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const status = Number(this.#buffer.toString("latin1", 9, 12));
      this.#buffer = this.#buffer.subarray(end + 4);
      this.#isOpen = status === 101;
      if (!this.#isOpen) {
        this.closed = status;
        this.connection.destroy();
        return;
      }
    }
    for (;;) {
      const frame = this.#frame();
      if (!frame) break;
      if (frame.opcode === 1) this.#keep(frame.payload.toString());
      if (frame.opcode === 8)
        this.closed = frame.payload.length > 1 ? frame.payload.readUInt16BE() : 1005;
      if (frame.opcode === 9) this.frame(10, frame.payload);
    }
    this.#waiting = this.#waiting.filter(({ look }) => !look());
  }

  #keep(text) {
    this.said.push(JSON.parse(text));
    if (this.said.length > KEPT) this.said.shift();
  }

  #frame() {
    const buffer = this.#buffer;
    if (buffer.length < 2) return null;
    let [length, at] = [buffer[1] & 0x7f, 2];
    if (length === 126) {
      if (buffer.length < 4) return null;
      [length, at] = [buffer.readUInt16BE(2), 4];
    } else if (length === 127) {
      if (buffer.length < 10) return null;
      [length, at] = [Number(buffer.readBigUInt64BE(2)), 10];
    }
    if (buffer.length < at + length) return null;
    this.#buffer = buffer.subarray(at + length);
    return { opcode: buffer[0] & 0x0f, payload: buffer.subarray(at, at + length) };
  }
}
