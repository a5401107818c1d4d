import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { program } from "./proxies.mjs";
import { until } from "./until.mjs";

const run = promisify(execFile);

/** Runs promtool; what it says. `input` is what it reads. */
export async function promtool(args, { input, cwd } = {}) {
  const tool = run(program("promtool", "usr/bin/promtool"), args, { cwd });
  if (input !== undefined) tool.child.stdin.end(input);
  return tool.then(
    ({ stdout, stderr }) => stdout + stderr,
    ({ stdout, stderr, message }) => assert.fail(`${message}\n${stdout}${stderr}`),
  );
}

/** A Prometheus that reads the metrics of a server every second, with a folder of its own. */
export class Prometheus {
  #child;
  #folder;
  #output = "";

  /** `scrape`: the lines of a job below `scrape_configs`. */
  static async start(scrape, rules) {
    const it = new Prometheus();
    it.#folder = await mkdtemp(path.join(tmpdir(), "kaibo-prometheus-"));
    const config = path.join(it.#folder, "prometheus.yml");
    const every = "scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s";
    await writeFile(
      config,
      `global: { ${every} }\nrule_files: [${JSON.stringify(rules)}]\nscrape_configs:\n${scrape}`,
    );
    it.port = await freePort();
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(it.#folder, "data")}`,
      `--web.listen-address=127.0.0.1:${it.port}`,
    ];
    const child = spawn(program("prometheus", "usr/bin/prometheus"), args, {
      stdio: ["ignore", "pipe", "pipe"],
    });
    it.#child = child;
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    child.on("error", (error) => {
      it.#output += error.message;
    });
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding("utf8").on("data", (text) => {
        it.#output += text;
      });
    }
    await until(
      async () => {
        assert.equal(child.exitCode, null, it.#output);
        return (await fetch(`http://127.0.0.1:${it.port}/-/ready`).catch(() => null))?.ok;
      },
      { what: () => `Prometheus:\n${it.#output}`, withinMs: 30_000 },
    );
    return it;
  }

  /** What its API answers. */
  async ask(address) {
    const answer = await fetch(`http://127.0.0.1:${this.port}/api/v1/${address}`);
    const { status, data, error } = await answer.json();
    assert.equal(status, "success", error);
    return data;
  }

  /** The value of a query with one result; null without one. */
  async value(query) {
    const { result } = await this.ask(`query?query=${encodeURIComponent(query)}`);
    return result.length === 0 ? null : Number(result[0].value[1]);
  }

  async stop() {
    const exited = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode === null) {
      this.#child.kill("SIGTERM");
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A port that is free now: Prometheus cannot say which one the system chose for it. */
async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
