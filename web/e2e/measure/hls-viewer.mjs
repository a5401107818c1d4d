/* A player of LL-HLS without a decoder: it asks for what hls.js asks for, and counts. */
import http from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** A player asks again so soon where there is nothing to see yet. */
const AGAIN_MS = 300;
/** The longest wait for an answer, and for a room to have HLS. */
const PATIENCE_MS = 20_000;

const attribute = (line, name) => new RegExp(`[:,]${name}="?([^",]+)`).exec(line)?.[1];

/** What a list says: the parts that it has, each with the time when it ended, and what comes next. */
export function readList(text) {
  const parts = [];
  const maps = [];
  let endedAt = null;
  let next = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) endedAt = Date.parse(line.slice(25));
    if (line.startsWith("#EXT-X-MAP:")) maps.push(attribute(line, "URI"));
    if (line.startsWith("#EXT-X-PART:")) {
      endedAt += Number(attribute(line, "DURATION")) * 1_000;
      parts.push({ uri: attribute(line, "URI"), endedAt });
    }
    if (line.startsWith("#EXT-X-PRELOAD-HINT:")) {
      const [, segment, part] = /-(\d+)-(\d+)\.part/.exec(attribute(line, "URI"));
      next = { segment: Number(segment), part: Number(part) };
    }
  }
  return { parts, maps, next };
}

/** The lists that a player takes: the best picture, and its sound. */
export function readRenditions(text) {
  const lines = text.split("\n");
  const picture = lines[lines.findIndex((it) => it.startsWith("#EXT-X-STREAM-INF:")) + 1];
  const sound = lines.find((it) => it.startsWith("#EXT-X-MEDIA:TYPE=AUDIO"));
  return [picture, ...(sound ? [attribute(sound, "URI")] : [])];
}

export class HlsViewer {
  #base;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 6 });
  #sockets = new Set();
  #abort = new AbortController();
  #before = 0;
  #counts = HlsViewer.#none();
  faults = [];

  static #none() {
    return { requests: 0, mediaBytes: 0, parts: 0, missed: 0, agesMs: [] };
  }

  /** A player that has the list of what there is, and follows it from then on. */
  static async start(base) {
    const viewer = new HlsViewer();
    viewer.#base = base;
    const until = performance.now() + PATIENCE_MS;
    let lists = null;
    while (!lists) {
      const { status, body } = await viewer.#get("index.m3u8");
      if (status === 200) lists = readRenditions(body.toString());
      else if (performance.now() > until) throw new Error(`no HLS: ${status}`);
      else await delay(AGAIN_MS);
    }
    for (const list of lists) {
      viewer.#follow(list).catch((error) => {
        if (!viewer.#abort.signal.aborted) viewer.faults.push(error.message);
      });
    }
    return viewer;
  }

  /** Counts from now on. */
  begin() {
    this.#counts = HlsViewer.#none();
    this.#before = this.#wireBytes();
  }

  taken() {
    return { ...this.#counts, wireBytes: this.#wireBytes() - this.#before };
  }

  async stop() {
    this.#abort.abort();
    this.#agent.destroy();
  }

  #wireBytes() {
    return [...this.#sockets].reduce((sum, it) => sum + it.bytesRead, 0);
  }

  async #follow(list) {
    const seen = new Set();
    let next = null;
    for (let isFirst = true; ; isFirst = false) {
      const query = next ? `?_HLS_msn=${next.segment}&_HLS_part=${next.part}&_HLS_skip=YES` : "";
      const { status, body } = await this.#get(`${list}${query}`);
      if (status !== 200) throw new Error(`${list}: ${status}`);
      const { parts, maps, next: following } = readList(body.toString());
      // The broadcast is over.
      if (following === null) return;
      next = following;
      if (isFirst) {
        // What was before is not played.
        for (const { uri } of parts.splice(0, Math.max(0, parts.length - 3))) seen.add(uri);
      }
      for (const uri of maps.filter((it) => !seen.has(it))) {
        seen.add(uri);
        await this.#get(uri);
      }
      for (const { uri, endedAt } of parts.filter((it) => !seen.has(it.uri))) {
        seen.add(uri);
        const { status: found, body: media } = await this.#get(uri);
        if (found !== 200) {
          this.#counts.missed += 1;
          continue;
        }
        this.#counts.mediaBytes += media.length;
        this.#counts.parts += 1;
        if (!isFirst) this.#counts.agesMs.push(Math.round(Date.now() - endedAt));
      }
      // A list names what is older than that no more.
      if (seen.size > 2_000) for (const uri of [...seen].slice(0, 1_000)) seen.delete(uri);
    }
  }

  #get(file) {
    this.#counts.requests += 1;
    const options = { agent: this.#agent, signal: this.#abort.signal };
    return new Promise((resolve, reject) => {
      const request = http.get(`${this.#base}/${file}`, options, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode, body: Buffer.concat(chunks) });
        });
        response.on("error", reject);
      });
      request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`${file}: no answer`)));
      request.on("socket", (socket) => this.#sockets.add(socket));
      request.on("error", reject);
    });
  }
}
