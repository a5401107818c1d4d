import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PATIENCE_MS, until } from "./until.mjs";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const ESC = String.fromCharCode(27);
const COLOR = new RegExp(`${ESC}\\[[0-9;]*m`, "g");
/** Words that have no place in the log of a server that works; browsers send nothing that is a finding. */
const BAD_LINE = /panicked|\bERROR\b|viewers suffer from/;

export function binary() {
  const built = ["release", "debug"].map((kind) => path.join(ROOT, "target", kind, "kaibo"));
  const found = process.env.KAIBO_BIN ?? built.find((file) => existsSync(file));
  assert.ok(found, `no server to test: build one, or name it in KAIBO_BIN (looked for ${built})`);
  return found;
}

/** Distributions' Firefox cannot play H264, which hosts send where a room can be watched as HLS. */
const USUAL = { NO_COLOR: "1", KAIBO_HOST_CODEC: "vp8" };

/** One running server on ports of its own, with an empty data folder. */
export class Server {
  #child;
  #output = "";
  #dataDir;
  #args;
  #env;
  #program;
  #listen;

  /** `program`: runs the server's own program, as inside another network. */
  static async start({
    args = [],
    env = {},
    program = binary(),
    port = 0,
    // All addresses, as by default: a Firefox that only watches does not use the loopback one.
    listen = "[::]",
  } = {}) {
    const server = new Server();
    server.#program = program;
    server.#listen = listen;
    server.#dataDir = await mkdtemp(path.join(tmpdir(), "kaibo-e2e-"));
    server.#args = args;
    server.#env = env;
    await server.#run(port, []);
    return server;
  }

  get base() {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.#child.pid;
  }

  get dataDir() {
    return this.#dataDir;
  }

  get log() {
    return this.#output.replace(COLOR, "");
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Stops it and starts it anew on the same ports, as after an update. */
  async restart({ signal = "SIGTERM" } = {}) {
    await this.#end(signal);
    await this.#run(this.port, ["--udp-port", String(this.udpPort)]);
  }

  /** Ends it, and fails if its log tells of an accident. */
  async stop() {
    await this.#end("SIGTERM");
    await rm(this.#dataDir, { recursive: true, force: true });
    const bad = this.log.split("\n").filter((line) => BAD_LINE.test(line));
    assert.deepEqual(bad, [], "the server's log tells of an accident");
  }

  async #run(port, ports) {
    const from = this.#output.length;
    const args = [
      "serve",
      "--listen",
      `${this.#listen}:${port}`,
      "--data",
      this.#dataDir,
      ...ports,
      ...this.#args,
    ];
    const child = spawn(this.#program, args, {
      env: { ...process.env, ...USUAL, ...this.#env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    // A test or a tool that ends by accident leaves no server behind.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    child.on("error", (error) => {
      this.#output += `ERROR cannot start: ${error.message}\n`;
    });
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding("utf8").on("data", (text) => {
        this.#output += text;
      });
    }
    const started = await until(
      () => {
        assert.equal(child.exitCode, null, `the server ended at once:\n${this.log}`);
        const fresh = this.#output.slice(from).replace(COLOR, "");
        return /server started addr=\S+:(\d+) udp_port=(\d+)/.exec(fresh);
      },
      { what: () => `the server's address in its log:\n${this.log}`, withinMs: PATIENCE_MS },
    );
    this.port = Number(started[1]);
    this.udpPort = Number(started[2]);
  }

  async #end(signal) {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    // One that does not stop must not outlive the test.
    const timer = setTimeout(() => {
      this.#output += "ERROR did not stop in 10 s\n";
      child.kill("SIGKILL");
    }, 10_000);
    await exited;
    clearTimeout(timer);
  }
}

/** Carries TCP to a server, so that a test can cut the sockets without anybody saying goodbye. */
export class Wire {
  #pairs = new Set();
  #listener;

  static async to(server) {
    const wire = new Wire();
    wire.#listener = net.createServer((near) => {
      const far = net.connect(server.port, "127.0.0.1");
      const pair = [near, far];
      wire.#pairs.add(pair);
      for (const [end, other] of [pair, [far, near]]) {
        end.on("error", () => other.destroy());
        end.on("close", () => {
          other.destroy();
          wire.#pairs.delete(pair);
        });
        end.pipe(other);
      }
    });
    await new Promise((resolve) => wire.#listener.listen(0, "127.0.0.1", resolve));
    wire.base = `http://127.0.0.1:${wire.#listener.address().port}`;
    return wire;
  }

  /** Breaks all connections that are open now. */
  cut() {
    for (const ends of [...this.#pairs]) for (const end of ends) end.resetAndDestroy();
  }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.#listener.close(resolve));
  }
}
