import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import https from "node:https";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { Chromium, FAKE_DEVICES, Firefox } from "./browsers.mjs";
import { Network, trustIn } from "./network.mjs";
import { binary, Server } from "./server.mjs";

/** A name of this machine, which a certificate of the server's own has. */
const NAME = `${hostname().split(".")[0].toLowerCase()}.local`;

/** A server with HTTPS of its own behind a firewall, and two browsers that trust it. */
export class TrustedSite {
  #home;

  static async start(name, { args = [] } = {}) {
    const site = new TrustedSite();
    try {
      await site.#start(name, args);
    } catch (error) {
      await site.stop().catch(() => {});
      throw error;
    }
    return site;
  }

  /** For TURN over TLS Firefox wants a name, not an address. */
  url(page, browser) {
    const name = browser === this.firefox ? NAME : this.network.address;
    return `https://${name}:${this.server.port}${page}`;
  }

  /** Asks the server as a program does; gives back the JSON of its answer. */
  async ask(method, page, bearer) {
    const ca = await readFile(path.join(this.server.dataDir, "tls/local-authority.pem"));
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${bearer}` };
      // A firewall knows nothing of connections from before it.
      const options = { method, ca, headers, agent: false };
      const request = https.request(this.url(page), options, async (response) => {
        const body = [];
        for await (const chunk of response) body.push(chunk);
        const text = Buffer.concat(body).toString();
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${page}: ${response.statusCode} ${text}`));
      });
      request.on("error", reject).end();
    });
  }

  async stop() {
    const closed = await Promise.allSettled([this.chromium?.close(), this.firefox?.close()]);
    const stopped = await Promise.allSettled([this.server?.stop()]);
    await this.network?.stop();
    if (this.#home) await rm(this.#home, { recursive: true, force: true });
    const failed = [...closed, ...stopped].find((it) => it.status === "rejected");
    if (failed) throw failed.reason;
  }

  async #start(name, args) {
    this.#home = await mkdtemp(path.join(tmpdir(), "kaibo-home-"));
    this.network = await Network.start(name);
    const program = await this.network.wrap(binary());
    this.server = await Server.start({ program, args: ["--tls", "local", ...args] });
    const authority = path.join(this.server.dataDir, "tls/local-authority.pem");
    const nssdb = path.join(this.#home, ".pki/nssdb");
    const profile = path.join(this.#home, "firefox");
    for (const folder of [nssdb, profile]) await mkdir(folder, { recursive: true });
    await Promise.all([trustIn(nssdb, authority), trustIn(profile, authority)]);
    this.chromium = await Chromium.launch(FAKE_DEVICES, { home: this.#home });
    // Every name is the server's here.
    const prefs = { "network.dns.forceResolve": this.network.address };
    this.firefox = await Firefox.launch({ prefs, userDataDir: profile });
  }
}
