import { PATHS } from "./resilience/internet-rules.mjs";
import { ROWS } from "./resilience/rows.mjs";
import { main, Rig, say, UsageError } from "./rig.mjs";

const SUMMARY = `What hosts and fans notice of failures, on real paths: network namespaces, firewalls, real browsers.

  measure:resilience [-- [ROW...] [options]]

${Object.entries(ROWS)
  .map(([row, { what }]) => `  ${row.padEnd(4)} ${what}`)
  .join("\n")}

Needs Linux, its tools ip, nft and tc, and root. docs/resilience.md has goals and figures.`;

const TABLE = {
  path: {
    default: "all",
    one: ["all", ...PATHS],
    help: "way of the browsers' media: all, udp, tcp (ICE-TCP), tls (TURN over TLS through a firewall), turn (the same, the page's own choice)",
  },
  browser: { default: "chromium", one: ["chromium", "firefox"], help: "the fan's browser" },
  cycles: { default: 5, min: 1, max: 100, help: "repeated outages of R8" },
  json: { default: null, help: "file to write the report to" },
  rows: { default: [], rest: true, help: "rows to measure [default: all]" },
};

const selected = ({ rows }) => (rows.length > 0 ? rows : Object.keys(ROWS));

/** What is measured, one after the other: a part of a row over a path. */
function runsOf(options) {
  return selected(options).flatMap((row) =>
    (ROWS[row]?.parts ?? []).flatMap((part) =>
      part.paths
        .filter((path) => options.path === "all" || options.path === path)
        .map((path) => ({ row, path, ...part })),
    ),
  );
}

async function measure(rig, options) {
  const unknown = selected(options).find((row) => !ROWS[row]);
  if (unknown)
    throw new UsageError(`${unknown} is no row; they are ${Object.keys(ROWS).join(", ")}`);
  const failed = [];
  const measurements = [];
  for (const { row, path, measure: run } of runsOf(options)) {
    // What a run started ends with it.
    const own = new Rig(rig.aborted);
    await rig.own(Promise.resolve(own), (it) => it.close());
    say(`${row} over ${path}: ${ROWS[row].what}`);
    const began = performance.now();
    try {
      const found = await run(own, { ...options, path });
      measurements.push(...found.map((it) => ({ row, path, ...it })));
      const missed = found.filter(({ ok }) => !ok);
      failed.push(...missed.map(({ name, figure, lacks }) => `${name}: ${figure}: ${lacks}`));
    } catch (error) {
      if (rig.isAborted) throw error;
      failed.push(`${row} over ${path}: ${error.message}`);
    }
    await own.close();
    failed.push(...own.faults.map((fault) => `${row} over ${path}: ${fault}`));
    say(`${row} over ${path} took ${Math.round((performance.now() - began) / 1000)} s`);
  }
  return { report: { options, machine: rig.machine(), measurements }, failed };
}

function describe({ measurements, machine }) {
  const lines = measurements.map(({ name, goal, figure, ok }) =>
    [`${name}: ${ok ? "met" : "MISSED"}`, `  goal:   ${goal}`, `  figure: ${figure}`].join("\n"),
  );
  return [...lines, `machine: ${machine.cpus} cores, load ${machine.load1}`].join("\n");
}

await main({
  summary: SUMMARY,
  table: TABLE,
  limitMs: (options) => runsOf(options).reduce((ms, { limitS }) => ms + limitS * 1000, 60_000),
  measure,
  describe,
});
