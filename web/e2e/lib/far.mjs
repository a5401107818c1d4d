import dgram from "node:dgram";
import { once } from "node:events";
import http from "node:http";

/**
 * A server as an encoder far away has it: the answer to its offer names a port here, and what goes through
 * that takes its time each way.
 */
export class Far {
  #http;
  #near;
  #upstream;

  static async from(server, delayMs) {
    const far = new Far();
    const near = dgram.createSocket("udp4");
    const upstream = dgram.createSocket("udp4");
    [far.#near, far.#upstream] = [near, upstream];
    let encoder = null;
    // Timers of one delay fire in the order in which they were set.
    near.on("message", (datagram, from) => {
      encoder = from;
      setTimeout(() => far.#near && upstream.send(datagram), delayMs);
    });
    upstream.on("message", (datagram) => {
      const { port, address } = encoder;
      setTimeout(() => far.#near?.send(datagram, port, address), delayMs);
    });
    // A server that is gone refuses.
    upstream.on("error", () => {});
    upstream.connect(server.udpPort, "127.0.0.1");
    near.bind(0);
    await Promise.all([once(upstream, "connect"), once(near, "listening")]);
    const { port } = near.address();
    far.#http = http.createServer(async (request, response) => {
      const body = [];
      for await (const chunk of request) body.push(chunk);
      const answer = await fetch(server.base + request.url, {
        method: request.method,
        headers: { "content-type": request.headers["content-type"] ?? "" },
        body: body.length > 0 ? Buffer.concat(body) : undefined,
      });
      const text = (await answer.text()).replaceAll(` ${server.udpPort} typ`, ` ${port} typ`);
      const headers = { "content-length": Buffer.byteLength(text) };
      const location = answer.headers.get("location");
      if (location) headers.location = new URL(location, server.base).pathname;
      response.writeHead(answer.status, headers).end(text);
    });
    far.#http.listen(0, "127.0.0.1");
    await once(far.#http, "listening");
    far.base = `http://127.0.0.1:${far.#http.address().port}`;
    return far;
  }

  async stop() {
    this.#near.close();
    this.#near = null;
    this.#upstream.close();
    await new Promise((resolve) => {
      this.#http.close(resolve);
      this.#http.closeAllConnections();
    });
  }
}
