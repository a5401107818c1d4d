import { writeFile } from "node:fs/promises";
import os from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";

/** The options make no sense. */
export class UsageError extends Error {}

/**
 * Reads options by a table: `{ name: { default, min, max, one, help } }`. Those with `min` are
 * numbers, those with `one` one of a list, those whose default is false have no value; others are text. Null
 * is a default that means "not". One with `rest` takes what is no option.
 */
export function readOptions(table, argv) {
  const rest = Object.keys(table).find((name) => table[name].rest);
  const names = Object.keys(table).filter((name) => name !== rest);
  const type = (name) => (table[name].default === false ? "boolean" : "string");
  const declared = Object.fromEntries(names.map((name) => [name, { type: type(name) }]));
  let values;
  let positionals;
  try {
    const options = { ...declared, help: { type: "boolean", short: "h" } };
    const given = { args: argv, options, allowPositionals: rest !== undefined };
    ({ values, positionals } = parseArgs(given));
  } catch (error) {
    throw new UsageError(error.message);
  }
  if (values.help) return null;
  const read = Object.fromEntries(
    names.map((name) => {
      const rule = table[name];
      const text = values[name];
      if (text === undefined) return [name, rule.default];
      if (text === true) return [name, true];
      if (rule.one && !rule.one.includes(text)) {
        throw new UsageError(`--${name} is one of ${rule.one.join(", ")}, not ${text}`);
      }
      if (rule.min === undefined) return [name, text];
      const value = text.trim() === "" ? Number.NaN : Number(text);
      if (!(value >= rule.min && value <= rule.max)) {
        throw new UsageError(`--${name} is from ${rule.min} to ${rule.max}, not ${text}`);
      }
      return [name, value];
    }),
  );
  return rest === undefined ? read : { ...read, [rest]: positionals };
}

export function usage(summary, table) {
  const lines = Object.entries(table).map(([name, { help, rest, default: value }]) => {
    if (rest) return `  ${name.toUpperCase().padEnd(14)} ${help}`;
    const shown = value === null || value === false ? "" : ` [default: ${value}]`;
    return `  --${name.padEnd(12)} ${help}${shown}`;
  });
  return `${summary}\n\n${lines.join("\n")}\n`;
}

/** What a tool started, so that all of it is ended, whatever happens. */
export class Rig {
  #owned = [];
  #aborted;
  #delays = monitorEventLoopDelay({ resolution: 10 });
  #recentDelays = monitorEventLoopDelay({ resolution: 10 });
  /** What went wrong while closing: pages that wrote errors, a server that tells of an accident. */
  faults = [];

  constructor(aborted) {
    this.#aborted = aborted;
    this.#delays.enable();
    this.#recentDelays.enable();
  }

  /** Waits for something that was started, and ends it at the end, the last first. */
  async own(started, close) {
    this.#owned.push(async () => {
      // What never came up need not be ended.
      const it = await started.catch(() => null);
      if (it) await close(it);
    });
    return started;
  }

  /** Says that what is measured is given up. */
  get aborted() {
    return this.#aborted;
  }

  get isAborted() {
    return this.#aborted.aborted;
  }

  /** Waits until then, by `performance.now()`. */
  async sleepUntil(at) {
    const ms = Math.max(0, at - performance.now());
    await delay(ms, undefined, { signal: this.#aborted });
  }

  /** How busy the machine was: what stalls this tool stalls browsers. */
  machine() {
    return {
      cpus: os.cpus().length,
      load1: Math.round(os.loadavg()[0] * 10) / 10,
      toolDelayMs: {
        p99: Math.round(this.#delays.percentile(99) / 1e6),
        max: Math.round(this.#delays.max / 1e6),
      },
    };
  }

  /** The longest that this tool waited for its turn since it was last asked, in milliseconds. */
  waitedMs() {
    const ms = this.#recentDelays.max / 1e6;
    this.#recentDelays.reset();
    return ms;
  }

  async close() {
    this.#delays.disable();
    this.#recentDelays.disable();
    for (const end of this.#owned.splice(0).reverse()) {
      await end().catch((error) => this.faults.push(error.message));
    }
  }
}

/**
 * Runs a tool: reads its options, gives it a rig, prints what failed, and ends the process. Status 0:
 * all as it should be; 1: not; 2: the options make no sense; 130: Ctrl+C.
 *
 * `measure(rig, options)` gives `{ report, failed }`; `describe(report)` is the text of a report.
 */
export async function main({ summary, table, limitMs, measure, describe }) {
  let options;
  try {
    options = readOptions(table, process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`${error.message}; see --help`);
    process.exit(2);
  }
  if (options === null) {
    process.stdout.write(usage(summary, table));
    process.exit(0);
  }
  const abort = new AbortController();
  let reason = null;
  const stop = (why) => {
    // Whoever asks twice does not want to wait.
    if (reason !== null) process.exit(130);
    reason = why;
    abort.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(signal));
  const limit = setTimeout(() => stop("it took too long"), limitMs(options));
  const rig = new Rig(abort.signal);
  const aborted = new Promise((_, reject) => {
    abort.signal.addEventListener("abort", () => reject(new Error("stopped")));
  });
  const measuring = measure(rig, options);
  let result = null;
  let failure = null;
  try {
    result = await Promise.race([measuring, aborted]);
  } catch (error) {
    failure = error;
  }
  // What is still under way fails when its browser is closed, and nobody waits for it.
  measuring.catch(() => {});
  clearTimeout(limit);
  await rig.close();
  if (reason !== null) {
    say(`stopped: ${reason}`);
    process.exit(reason.startsWith("SIG") ? 130 : 1);
  }
  if (failure instanceof UsageError) {
    say(`${failure.message}; see --help`);
    process.exit(2);
  }
  if (failure !== null) {
    say(failure.stack ?? String(failure));
    process.exit(1);
  }
  const failed = [...result.failed, ...rig.faults];
  const report = { ok: failed.length === 0, failed, ...result.report };
  process.stdout.write(`${describe(report)}\n`);
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  for (const what of failed) say(`failed: ${what}`);
  if (report.ok) say("all as it should be");
  process.exit(report.ok ? 0 : 1);
}

/** A line for the person who waits. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}
