import { mkdtemp, readFile, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { build, createServer } from "vite";

export const SEED = fileURLToPath(new URL("../seed/", import.meta.url));
const WEB = fileURLToPath(new URL("../../", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript" };
/** A page with nothing on it, for scripts of a test that need an origin with a camera. */
const BLANK = '<!doctype html><link rel="icon" href="data:,"><video autoplay playsinline></video>';

/** A server that asks `site.handle` what to say. */
async function listen() {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname !== "/blank") return site.handle(request, response, pathname);
    return response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
  });
  const site = { server, handle: null };
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  site.base = `http://localhost:${server.address().port}`;
  return site;
}

function close(server) {
  return new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}

const common = (tempDir) => ({
  root: SEED,
  configFile: false,
  logLevel: "error",
  cacheDir: path.join(tempDir, "cache"),
  plugins: [react()],
});

/** The page as `vite` serves it while one writes it: React's development build. */
export async function serveDevelopment() {
  const tempDir = await mkdtemp(path.join(tmpdir(), "kaibo-seed-"));
  // Vite chooses React's build by it, once set, whatever the mode.
  process.env.NODE_ENV = "development";
  const site = await listen();
  const vite = await createServer({
    ...common(tempDir),
    // Found in advance, or else the first page would be told to load again.
    optimizeDeps: { include: ["react", "react-dom/client", "react/jsx-dev-runtime"] },
    server: { middlewareMode: true, hmr: { server: site.server }, fs: { allow: [WEB] } },
  });
  site.handle = vite.middlewares;
  const stop = async () => {
    await vite.close();
    await close(site.server);
    await rm(tempDir, { recursive: true, force: true });
  };
  return { base: site.base, stop };
}

/** The page as `vite build` makes it. */
export async function serveProduction() {
  const tempDir = await mkdtemp(path.join(tmpdir(), "kaibo-seed-"));
  process.env.NODE_ENV = "production";
  const outDir = path.join(tempDir, "dist");
  await build({ ...common(tempDir), build: { outDir } });
  const site = await listen();
  site.handle = async (_, response, pathname) => {
    const file = path.join(outDir, pathname === "/" ? "index.html" : path.normalize(pathname));
    const body = await readFile(file).catch(() => null);
    const type = TYPES[path.extname(file)] ?? "application/octet-stream";
    response.writeHead(body ? 200 : 404, { "content-type": type }).end(body ?? "");
  };
  const stop = async () => {
    await close(site.server);
    await rm(tempDir, { recursive: true, force: true });
  };
  return { base: site.base, stop };
}
