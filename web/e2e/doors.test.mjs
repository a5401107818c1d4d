// Doors that are closed on purpose: `kaibo doctor` names each, and the page `/doctor` says the same.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { promisify } from "node:util";
import { Chromium } from "./lib/browsers.mjs";
import { expired } from "./lib/certificates.mjs";
import { Network } from "./lib/network.mjs";
import { binary, Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
const run = promisify(execFile);

let browser;
let folder;

before(async () => {
  browser = await Chromium.launch(["--ignore-certificate-errors"]);
  folder = await mkdtemp(path.join(tmpdir(), "kaibo-doors-"));
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What the program says, and its status. */
async function doctor(args, { program = binary(), json = true } = {}) {
  const flags = ["doctor", "--lang", "en", ...(json ? ["--json"] : []), ...args];
  const asked = run(program, flags, { env: { ...process.env, KAIBO_PUBLISH_KEY: "" } });
  const { code, stdout } = await asked.then(
    (said) => ({ ...said, code: 0 }),
    (error) => error,
  );
  return { code, said: stdout, ...(json ? JSON.parse(stdout) : {}) };
}

/** `kaibo doctor --phone --json`, which prints a line for each device. */
class Phone {
  #child;
  #lines;

  static async start(program, args) {
    const phone = new Phone();
    phone.#child = spawn(program, ["doctor", "--phone", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: phone.#child.stdout });
    phone.#lines = lines[Symbol.asyncIterator]();
    return phone;
  }

  async line() {
    const { value, done } = await this.#lines.next();
    assert.ok(!done, "the program goes on");
    return JSON.parse(value);
  }

  async stop() {
    this.#child.kill("SIGTERM");
  }
}

/** Findings that are not fine, as `check: text`. */
const listed = (findings) =>
  findings.filter((it) => it.level !== "fine").map((it) => `${it.check}: ${it.text}`);

/** The findings that the page shows, in English. */
async function shown(url) {
  const page = await browser.open(url, { name: "operator" });
  const read = () =>
    page.evaluate(() => {
      // The device tells the server what it found once all is tried.
      if (document.querySelector("[data-testid='doctor']")?.dataset.running !== "false") return [];
      const items = [...document.querySelectorAll("[data-testid='doctor-finding']")];
      return items.map((item) => ({
        check: item.dataset.check,
        level: item.dataset.level,
        text: item.querySelector("p").textContent,
      }));
    });
  let findings = [];
  await until(
    async () => {
      findings = await read();
      return findings.length > 0;
    },
    { what: () => "findings on the page", withinMs: 20_000 },
  );
  await page.close();
  return listed(findings);
}

/** Asserts that the program and the page name these doors, each in the same words. */
async function assertNamed(doors, told, url) {
  const inEnglish = told.findings.map((it) => ({ ...it, text: it.text.en }));
  const named = listed(inEnglish);
  for (const [check, words] of doors) {
    const found = named.find((it) => it.startsWith(`${check}: `) && words.test(it));
    assert.ok(found, `${check} ${words}:\n${named.join("\n")}`);
    const { advice } = told.findings.find((it) => it.check === check && it.level !== "fine");
    assert.ok(advice.en.length > 20 && advice.zh.length > 10, `${check} says what to do`);
  }
  // Commands stand between backticks in the terminal, and in a face of their own on the page.
  const plain = (texts) => texts.map((text) => text.replaceAll("`", "")).sort();
  assert.deepEqual(plain(await shown(url)), plain(named));
}

chapter("ports that another program has are named before the server is started", async (t) => {
  const other = net.createServer();
  await new Promise((resolve) => other.listen(0, "::", resolve));
  t.after(() => other.close());
  const { port } = other.address();
  const { code, isRunning, findings } = await doctor(["--listen", `[::]:${port}`]);
  assert.deepEqual([code, isRunning], [1, false]);
  const [first] = findings;
  assert.equal(first.check, "ports");
  assert.match(first.text.en, new RegExp(`TCP ${port}`));
  assert.match(first.advice.en, new RegExp(`sport = :${port}`));
});

chapter("loopback, few open files, a broken data folder and no HTTPS are named", async (t) => {
  const program = path.join(folder, "few-files");
  const script = `#!/bin/sh\nulimit -n 1100\nexec "${binary()}" "$@"\n`;
  await writeFile(program, script, { mode: 0o755 });
  const server = await Server.start({ program, listen: "127.0.0.1" });
  t.after(() => server.stop());
  await rm(server.dataDir, { recursive: true });
  await writeFile(server.dataDir, "");
  const told = await doctor(["--listen", `127.0.0.1:${server.port}`]);
  assert.deepEqual([told.code, told.isRunning], [1, true]);
  const doors = [
    ["listen", /only this computer/],
    ["open_files", /Only 1100 files/],
    ["disk", /Nothing can be written/],
    ["certificate", /no HTTPS/],
  ];
  await assertNamed(doors, told, `http://localhost:${server.port}/doctor?lang=en`);
});

chapter("a certificate that has expired is named with its date", async (t) => {
  const [certificate, key] = await expired(folder, "live.example.org");
  const args = ["--tls-cert", certificate, "--tls-key", key];
  const server = await Server.start({ args });
  t.after(() => server.stop());
  const told = await doctor([...args, "--listen", `[::]:${server.port}`]);
  assert.equal(told.code, 1);
  const doors = [["certificate", /live\.example\.org expired on .*01 Feb 2020/]];
  await assertNamed(doors, told, `http://localhost:${server.port}/doctor?lang=en`);
});

chapter("a name that leads elsewhere is named with the record that it needs", async (t) => {
  const network = await Network.start("n", { hosts: { "live.example.org": "198.51.100.9" } });
  t.after(() => network.stop());
  const program = await network.wrap(binary());
  const args = ["--domain", "live.example.org", "--public-ip", "203.0.113.7"];
  const { code, findings } = await doctor(args, { program });
  assert.equal(code, 1);
  const { level, text, advice } = findings.find((it) => it.check === "names");
  assert.equal(level, "closed");
  assert.equal(text.en, "live.example.org leads to 198.51.100.9; this server has 203.0.113.7.");
  assert.match(advice.en, /make the record A 203\.0\.113\.7/);
});

chapter(
  "a silent authority, no way for it, private addresses and a firewall are named, and so are the ways they close",
  async (t) => {
    const network = await Network.start("w", { hosts: { "live.example.org": "198.51.100.9" } });
    t.after(() => network.stop());
    await network.firewall("tcp");
    const program = await network.wrap(binary());
    // Nobody listens there.
    const authority = ["--acme", "https://127.0.0.1:1/directory", "--http-port", "0"];
    const args = [...authority, "--domain", "live.example.org"];
    const server = await Server.start({ program, args });
    t.after(() => server.stop());
    const settings = [...args, "--listen", `[::]:${server.port}`];
    let told = null;
    await until(
      async () => {
        told = await doctor(settings, { program });
        const isFailed = (it) => it.check === "certificate" && /authority says/.test(it.text.en);
        return told.findings.some(isFailed);
      },
      { what: () => `the order to fail: ${JSON.stringify(told)}`, withinMs: 40_000 },
    );
    assert.equal(told.code, 1);
    const { said } = await doctor(settings, { program, json: false });
    assert.match(said, /→ `sudo nft insert rule inet kaibo in udp dport \d+ accept`/);
    const phone = await Phone.start(program, ["--lang", "en", "--json", ...settings]);
    t.after(() => phone.stop());
    const { url } = await phone.line();
    // The name leads elsewhere, and the certificate is the server's own.
    const page = url.replace("live.example.org", network.address).replace("#", "?lang=en#");
    const doors = [
      ["firewall", /nftables.* drops what comes to UDP/],
      ["media_address", /addresses of the own network/],
      ["challenge_port", /port 443 or 80/],
      ["certificate", /no certificate for live\.example\.org.*cannot be reached/],
      ["names", /leads to 198\.51\.100\.9/],
    ];
    await assertNamed(doors, told, page);
    const device = await phone.line();
    const states = Object.fromEntries(device.results.map(({ path, state }) => [path, state]));
    assert.equal(states.udp4, "closed");
    assert.equal(states.tcp4, "works");
  },
);
