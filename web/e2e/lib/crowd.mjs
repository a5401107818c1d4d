import { spawn } from "node:child_process";
import net from "node:net";
import tls from "node:tls";
import { binary } from "./server.mjs";
import { until } from "./until.mjs";

/**
 * Synthetic viewers of `kaibo bench` with their publisher, whose connections to a server go through TLS. Nobody judges the
 * certificate.
 */
export class Crowd {
  #child;
  #listener;
  #base;
  #ended;
  #output = "";
  #said = "";
  #pairs = new Set();
  #viewers;

  /** WebSockets that are open, and those that the server's side ended. */
  open = 0;
  lost = 0;

  /**
   * `seconds`: how long they stay when all are in; `kbit`: of the video of each; `from`: the address of this machine that
   * they come from, on the way to the server.
   */
  static async start({ to, viewers, seconds, kbit = 200, from = "127.0.0.1" }) {
    const crowd = new Crowd();
    crowd.#viewers = viewers;
    crowd.#listener = net.createServer((near) => crowd.#carry(near, to));
    await new Promise((resolve) => crowd.#listener.listen(0, from, resolve));
    crowd.#base = `${from}:${crowd.#listener.address().port}`;
    const options = {
      url: `ws://${crowd.#base}/ws`,
      viewers,
      rate: 50,
      duration: seconds,
      fps: 15,
      "video-bitrate": kbit,
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    // It takes addresses that are set apart for measuring for those of others.
    const flags = ["--json", "--yes-i-own-this-server"];
    const child = spawn(binary(), ["bench", ...flags, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    crowd.#child = child;
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      crowd.#output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      crowd.#said += text;
    });
    crowd.#ended = new Promise((resolve) => child.once("close", resolve));
    child.once("close", () => process.off("exit", kill));
    return crowd;
  }

  /** Until all have joined, their publisher too. */
  async untilIn() {
    const rooms = `http://${this.#base}/api/rooms`;
    const headers = { connection: "close" };
    let now = 0;
    await until(
      async () => {
        if (this.#child.exitCode !== null) throw new Error(`the crowd ended:\n${this.#said}`);
        const told = await (await fetch(rooms, { headers })).json();
        now = Math.max(0, ...told.map(({ viewers }) => viewers));
        return now >= this.#viewers;
      },
      { what: () => `${this.#viewers} viewers; ${now} are in:\n${this.#said}`, withinMs: 60_000 },
    );
  }

  /** What they tell when all have left. */
  async report() {
    await this.#ended;
    try {
      return JSON.parse(this.#output);
    } catch {
      throw new Error(`no report of the crowd:\n${this.#said}`);
    }
  }

  async stop() {
    this.#child.kill("SIGKILL");
    await this.#ended;
    for (const end of this.#pairs) end.destroy();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #carry(near, to) {
    const far = tls.connect({ ...to, rejectUnauthorized: false });
    let isSocket = false;
    let isLeaving = false;
    near.once("data", (first) => {
      isSocket = first.toString("latin1").startsWith("GET /ws");
      if (isSocket) this.open += 1;
      far.write(first);
      near.pipe(far);
    });
    far.pipe(near);
    near.on("end", () => {
      isLeaving = true;
    });
    for (const [end, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#pairs.add(end);
      end.on("error", () => other.destroy());
      end.on("close", () => {
        this.#pairs.delete(end);
        other.destroy();
      });
    }
    far.on("close", () => {
      if (!isSocket) return;
      this.open -= 1;
      if (!isLeaving && !near.destroyed) this.lost += 1;
    });
  }
}
