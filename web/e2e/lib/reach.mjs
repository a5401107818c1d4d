import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { Chromium, FAKE_DEVICES, Firefox } from "./browsers.mjs";
import { Network, trustIn } from "./network.mjs";
import { binary, Server } from "./server.mjs";

/** A name of this machine, which its certificate has. */
const NAME = `${hostname().split(".")[0].toLowerCase()}.local`;

/**
 * A server with `--tls local` behind a firewall, and browsers that trust its authority. Browsers start where there is no
 * UDP.
 */
export class Reach {
  network;
  server;
  chromium;
  firefox;
  home;

  /** `launch`: how browsers are launched; `args`: of the server, beside its own. */
  static async start(name, { launch = {}, args = [] } = {}) {
    const reach = new Reach();
    try {
      await reach.#start(name, { launch, args });
    } catch (error) {
      await reach.stop().catch(() => {});
      throw error;
    }
    return reach;
  }

  /** A page of the server, as Chromium has it. */
  at(page, host = this.network.address) {
    return `https://${host}:${this.server.port}${page}`;
  }

  /** For TURN over TLS Firefox wants a name, not an address. */
  hostFor(browser) {
    return browser === this.firefox ? NAME : this.network.address;
  }

  async stop() {
    const closed = await Promise.allSettled([this.chromium?.close(), this.firefox?.close()]);
    const stopped = await Promise.allSettled([this.server?.stop()]);
    await this.network?.stop();
    if (this.home) await rm(this.home, { recursive: true, force: true });
    const failed = [...closed, ...stopped].find((it) => it.status === "rejected");
    if (failed) throw failed.reason;
  }

  async #start(name, { launch, args }) {
    this.home = await mkdtemp(path.join(tmpdir(), "kaibo-home-"));
    this.network = await Network.start(name);
    const program = await this.network.wrap(binary());
    this.server = await Server.start({
      program,
      args: ["--tls", "local", "--publish-open", "all", ...args],
    });
    const authority = path.join(this.server.dataDir, "tls/local-authority.pem");
    const nssdb = path.join(this.home, ".pki/nssdb");
    await mkdir(nssdb, { recursive: true });
    const profile = path.join(this.home, "firefox");
    await mkdir(profile);
    await Promise.all([trustIn(nssdb, authority), trustIn(profile, authority)]);
    await this.network.firewall("tcp");
    const ofChromium = { ...launch, home: this.home, isHere: false };
    this.chromium = await Chromium.launch(FAKE_DEVICES, ofChromium);
    // Every name is the server's here.
    const prefs = { "network.dns.forceResolve": this.network.address };
    this.firefox = await Firefox.launch({ ...launch, prefs, userDataDir: profile });
  }
}

/** The protocol of the path that a page's media takes, and the kind of its own candidate. */
export function selectedPath(page) {
  return page.evaluate(async () => {
    for (const pc of window.__seen.peers) {
      const report = await pc.getStats();
      for (const stat of report.values()) {
        const isChosen =
          stat.type === "candidate-pair" && stat.nominated && stat.state === "succeeded";
        if (!isChosen || !(stat.bytesReceived > 0 || stat.bytesSent > 0)) continue;
        const local = report.get(stat.localCandidateId);
        return { protocol: local?.protocol, type: local?.candidateType };
      }
    }
    return null;
  });
}
