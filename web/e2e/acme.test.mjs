/* A certificate from an ACME server, from the program's flags to what a client is shown. Caddy is the authority. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { after, before } from "node:test";
import tls from "node:tls";
import { Authority } from "./lib/authority.mjs";
import { Network, SERVER } from "./lib/network.mjs";
import { binary, Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { until } from "./lib/until.mjs";

const NAME = "live.kaibo.test";

const chapter = story();
let network;
let authority;
let server;

before(async () => {
  network = await Network.start("a", { hosts: { [NAME]: SERVER } });
  authority = await Authority.start(network);
  server = await Server.start({
    program: await network.wrap(binary()),
    port: 443,
    args: ["--domain", NAME, "--acme", authority.directory, "--acme-root", authority.root],
  });
});
after(async () => {
  const stopped = await Promise.allSettled([server?.stop()]);
  await authority?.stop();
  await network?.stop();
  const failed = stopped.find((it) => it.status === "rejected");
  if (failed) throw failed.reason;
});

/** The certificate that a client of this name is shown, once it is one of this authority. */
async function shown(name) {
  const ca = await readFile(authority.root);
  const socket = tls.connect({ host: network.address, port: 443, servername: name, ca });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerCertificate();
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}

chapter("the domain has a certificate of the ACME server within seconds of the start", async () => {
  let certificate = null;
  await until(
    async () => {
      certificate = await shown(NAME);
      return certificate !== null;
    },
    { what: () => `a certificate for ${NAME}:\n${server.log}`, withinMs: 60_000 },
  );
  assert.match(certificate.subjectaltname, new RegExp(NAME));
  assert.match(server.log, /certificate issued/);
});

chapter("plain HTTP on port 80 leads to HTTPS", async () => {
  const request = http.get({ host: network.address, path: "/host", headers: { host: NAME } });
  const [response] = await once(request, "response");
  response.resume();
  assert.equal(response.statusCode, 307);
  assert.equal(response.headers.location, `https://${NAME}/host`);
});

chapter("account and certificates are in the data folder, for its owner alone", async () => {
  const folder = path.join(server.dataDir, "tls/acme");
  const [authorityFolder] = await readdir(folder);
  const files = await readdir(path.join(folder, authorityFolder));
  assert.ok(files.includes("account.json") && files.includes(`${NAME}.pem`), `${files}`);
  for (const file of files) {
    const { mode } = await stat(path.join(folder, authorityFolder, file));
    assert.equal(mode & 0o777, 0o600, file);
  }
});
