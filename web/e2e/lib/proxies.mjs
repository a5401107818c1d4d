import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "./until.mjs";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The fenced blocks of a language in a document of `docs`. */
export async function fencedBlocks(document, language) {
  const text = await readFile(path.join(ROOT, "docs", document), "utf8");
  return [...text.matchAll(/^```(\S*)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , block]) => block);
}

/** Where `./test` put the program, or the one that is installed. */
export function program(name, inTools) {
  const unpacked = path.join(ROOT, "target/tools", inTools);
  return process.env[name.toUpperCase()] ?? (existsSync(unpacked) ? unpacked : name);
}

/** A port that is free now. A proxy cannot say which one the system chose for it. */
async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A certificate for a name that nobody trusts, and its key: two files of a folder. */
export async function certify(folder, name) {
  const [certificate, key] = ["certificate.pem", "key.pem"].map((file) => path.join(folder, file));
  await promisify(execFile)("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" "),
    ...["-subj", `/CN=${name}`, "-out", certificate, "-keyout", key],
  ]);
  return [certificate, key];
}

function replaceOnce(text, from, to) {
  assert.equal(text.split(from).length, 2, `${from} stands once in the configuration:\n${text}`);
  return text.replace(from, () => to);
}

/** A proxy with a configuration of the documents, in front of a server. */
export class HttpsProxy {
  #child;
  #folder;
  #output = "";

  /** The host name that the configuration is for, in a browser at its ordinary port. */
  host;

  get base() {
    return `https://${this.host}`;
  }

  /** For a Chromium that finds that host name here. */
  get flag() {
    return `--host-resolver-rules=MAP ${this.host} 127.0.0.1:${this.port}`;
  }

  static async nginx(block, server) {
    const proxy = await HttpsProxy.#make();
    proxy.host = /server_name (\S+);/.exec(block)[1];
    const [certificate, key] = await certify(proxy.#folder, proxy.host);
    let site = replaceOnce(block, "listen 443 ssl;", `listen 127.0.0.1:${proxy.port} ssl;`);
    site = replaceOnce(site, `/etc/letsencrypt/live/${proxy.host}/fullchain.pem`, certificate);
    site = replaceOnce(site, `/etc/letsencrypt/live/${proxy.host}/privkey.pem`, key);
    site = replaceOnce(site, "127.0.0.1:3000", `127.0.0.1:${server.port}`);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const file = await proxy.#write(
      "nginx.conf",
      `daemon off; master_process off; pid ${proxy.#folder}/pid; error_log stderr warn; events {}
http { access_log off; ${temporary.map((it) => `${it}_temp_path ${proxy.#folder}/${it};`).join(" ")}
${site}}`,
    );
    const args = ["-e", "stderr", "-p", proxy.#folder, "-c", file];
    return proxy.#start(program("nginx", "usr/sbin/nginx"), args);
  }

  static async caddy(block, server) {
    const proxy = await HttpsProxy.#make();
    proxy.host = /^(\S+) \{/.exec(block)[1];
    const site = replaceOnce(block, "127.0.0.1:3000", `127.0.0.1:${server.port}`);
    const file = await proxy.#write(
      "Caddyfile",
      `{
    admin off
    local_certs
    skip_install_trust
    auto_https disable_redirects
    default_bind 127.0.0.1
    https_port ${proxy.port}
}
${site}`,
    );
    const args = ["run", "--config", file, "--adapter", "caddyfile"];
    return proxy.#start(program("caddy", "bin/caddy"), args);
  }

  static async #make() {
    const proxy = new HttpsProxy();
    proxy.#folder = await mkdtemp(path.join(tmpdir(), "kaibo-proxy-"));
    proxy.port = await freePort();
    return proxy;
  }

  async #write(name, text) {
    const file = path.join(this.#folder, name);
    await writeFile(file, text);
    return file;
  }

  async #start(command, args) {
    const env = { ...process.env, HOME: this.#folder, XDG_DATA_HOME: this.#folder };
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    // A test that ends by accident leaves none behind.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("close", () => process.off("exit", kill));
    child.once("error", (error) => {
      this.#output += `cannot start ${command}: ${error.message}\n`;
    });
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding("utf8").on("data", (text) => {
        this.#output += text;
      });
    }
    await until(
      async () => {
        assert.equal(child.exitCode, null, `${command} ended at once:\n${this.#output}`);
        return this.ask("GET", "/").catch(() => null);
      },
      { what: () => `${command} to serve ${this.host}:\n${this.#output}` },
    );
    return this;
  }

  /** One request, from an address of this machine. */
  ask(method, pathname, { headers = {}, body, from = "127.0.0.1" } = {}) {
    return new Promise((resolve, reject) => {
      const request = https.request(
        {
          ...{ method, path: pathname, host: "127.0.0.1", port: this.port, localAddress: from },
          ...{ servername: this.host, rejectUnauthorized: false, agent: false },
          headers: { host: this.host, ...headers },
        },
        async (response) => {
          const chunks = [];
          for await (const chunk of response) chunks.push(chunk);
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode, headers: response.headers, body: text });
        },
      );
      request.on("error", reject).end(body);
    });
  }

  async stop() {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      const closed = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await closed;
      clearTimeout(timer);
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
