import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { program } from "./proxies.mjs";
import { until } from "./until.mjs";

const PORT = 9443;

/** Caddy as an ACME server, inside a network: an authority whose root nobody trusts. */
export class Authority {
  #child;
  #folder;
  #output = "";

  /** The URL of its directory, as servers of its network have it. */
  directory = `https://localhost:${PORT}/acme/local/directory`;

  /** The file of its root. */
  get root() {
    return path.join(this.#folder, "pki/authorities/local/root.crt");
  }

  /** `lifetime`: of its certificates, 5 minutes at least. */
  static async start(network, { lifetime = "12h" } = {}) {
    const authority = new Authority();
    authority.#folder = await mkdtemp(path.join(tmpdir(), "kaibo-authority-"));
    const file = path.join(authority.#folder, "Caddyfile");
    await writeFile(
      file,
      `{
	admin off
	auto_https disable_redirects
	skip_install_trust
	storage file_system ${authority.#folder}
}
https://localhost:${PORT} {
	tls internal
	acme_server {
		lifetime ${lifetime}
		challenges tls-alpn-01 http-01
	}
}
`,
    );
    const caddy = await network.wrap(program("caddy", "bin/caddy"));
    const args = ["run", "--config", file, "--adapter", "caddyfile"];
    const env = { ...process.env, HOME: authority.#folder };
    const child = spawn(caddy, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    authority.#child = child;
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("close", () => process.off("exit", kill));
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding("utf8").on("data", (text) => {
        authority.#output += text;
      });
    }
    await until(
      () => existsSync(authority.root) && /serving initial configuration/.test(authority.#output),
      { what: () => `the authority:\n${authority.#output}` },
    );
    return authority;
  }

  async stop() {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGTERM");
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
