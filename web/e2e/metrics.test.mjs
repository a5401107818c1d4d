// What a Prometheus sees of a server with real media, and what the files of `deploy` make of it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Chromium } from "./lib/browsers.mjs";
import { Prometheus, promtool } from "./lib/prometheus.mjs";
import { binary, Server } from "./lib/server.mjs";
import { fanState, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DEPLOY = path.join(ROOT, "deploy");
const ALERTS = path.join(DEPLOY, "prometheus/alerts.yml");

let server;
let chromium;
let prometheus;
let bench;

before(async () => {
  const args = ["--metrics-listen", "127.0.0.1:0"];
  [server, chromium] = await Promise.all([Server.start({ args }), Chromium.launch()]);
  const [, target] = /metrics are served addr=(\S+)/.exec(server.log);
  server.metrics = `http://${target}/metrics`;
  prometheus = await Prometheus.start(
    `  - job_name: kaibo\n    static_configs: [{ targets: ["${target}"] }]\n`,
    ALERTS,
  );
});
after(async () => {
  bench?.kill("SIGKILL");
  await prometheus?.stop();
  await chromium?.close();
  await server?.stop();
});

const scrape = async () => (await fetch(server.metrics)).text();

/** Everybody who leaves a trace: encoders, players, a page whose fan leaves, somebody who is refused. */
async function everything() {
  const options = "--rooms 2 --viewers 4 --duration 600 --no-audio --loss 2".split(" ");
  const url = ["--url", `ws://127.0.0.1:${server.port}/ws`];
  bench = spawn(binary(), ["bench", ...url, ...options], { stdio: "ignore" });
  const host = await chromium.open(`${server.base}/host?room=stage`, { name: "host" });
  await goLive(host);
  const fans = [];
  for (const name of ["a fan", "another fan"]) {
    fans.push(await chromium.open(`${server.base}/r/stage`, { name }));
    await fanState(fans.at(-1), "live");
  }
  await fetch(`${server.base}/api/nothing`);
  await until(async () => (await scrape()).includes("kaibo_room_latency_seconds{"), {
    what: "a fan that tells its latency",
    withinMs: 30_000,
  });
  await until(async () => (await scrape()).includes('code="no_audio"'), {
    what: "what is wrong with the encoders",
    withinMs: 30_000,
  });
  await fans[0].close();
}

test("a Prometheus finds everything that the dashboard and the alerts ask for", async () => {
  await everything();
  await until(async () => (await prometheus.value("sum(kaibo_page_reports_total)")) > 0, {
    what: "the report of the fan that left",
  });
  const dashboard = JSON.parse(await readFile(path.join(DEPLOY, "grafana/kaibo.json"), "utf8"));
  const queries = [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ definition = "" }) => definition),
    await readFile(ALERTS, "utf8"),
  ];
  const named = new Set(queries.join("\n").match(/\bkaibo_[a-z_]+\b/g));
  assert.ok(named.size > 40, "the files name metrics");
  const known = new Set(await prometheus.ask("label/__name__/values"));
  const isThere = (name) => known.has(name) || known.has(`${name}_bucket`);
  const missing = [...named].filter((name) => !isThere(name));
  assert.deepEqual(missing, [], "no scrape has them");
  // Every query of the dashboard is one.
  for (const query of queries.slice(0, -1).filter((it) => !it.startsWith("label_values"))) {
    const asked = query.replaceAll("$instance", ".*").replaceAll("$room", ".*");
    if (asked !== "") await prometheus.value(asked);
  }
});

test("figures are those of the broadcast", async () => {
  const is = (query, what, about = (it) => it > 0) =>
    until(async () => about(await prometheus.value(query)), {
      what: async () => `${what}; ${query} is ${await prometheus.value(query)}`,
      withinMs: 30_000,
    });
  await is("kaibo_viewers", "the bench's viewers and a fan", (it) => it === 5);
  await is('kaibo_rooms{state="live"}', "three rooms", (it) => it === 3);
  await is('kaibo_page_first_frame_seconds_count{page="room"}', "a first frame");
  await is('rate(kaibo_room_ingress_bytes_total{room="stage"}[10s])', "the host's media");
  await is('rate(kaibo_room_egress_packets_total{room="stage"}[10s])', "the fan's media");
  await is("sum(rate(kaibo_egress_nacks_total[10s]))", "players that lose and ask again");
  await is("sum(rate(kaibo_egress_lost_packets_total[10s]))", "what they report lost");
  await is('kaibo_joins_total{door="ws",role="fan"}', "joins", (it) => it === 6);
  await is("sum(rate(kaibo_worker_turn_seconds_count[10s]))", "turns of media threads");
  await is("kaibo_workers_silent", "media threads that answer", (it) => it === 0);
});

test("promtool finds no fault", async () => {
  const plain = await scrape();
  const said = await promtool(["check", "metrics"], { input: plain });
  assert.equal(said, "");
  await promtool(["check", "rules", ALERTS]);
  const cwd = path.join(DEPLOY, "prometheus");
  await promtool(["check", "config", "prometheus.yml"], { cwd });
  await promtool(["test", "rules", "alerts.test.yml"], { cwd });
});

test("every metric is in the manual, and the manual names no other", async () => {
  const manual = await readFile(path.join(ROOT, "docs/operate.md"), "utf8");
  const told = new Set(manual.match(/\bkaibo_[a-z_]+[a-z]\b/g));
  // Those of rooms are told with those of all, by their names.
  const all = (await scrape()).matchAll(/^# TYPE (\S+)/gm);
  const names = new Set([...all].map(([, name]) => name));
  const isTold = (name) => told.has(name) || told.has(name.replace("kaibo_room_", "kaibo_"));
  assert.deepEqual(
    [...names].filter((name) => !isTold(name)),
    [],
  );
  const prefixes = ["kaibo_room", "kaibo_room_page", "kaibo_page"];
  const unknown = [...told].filter((name) => !names.has(name) && !prefixes.includes(name));
  assert.deepEqual(unknown, []);
});
