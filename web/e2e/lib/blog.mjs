import http from "node:http";

/** A page of somebody else's, at an origin of its own, that shows a frame and talks with it. */
export class Blog {
  #server;
  #html = "";

  static async start() {
    const blog = new Blog();
    blog.#server = http.createServer((_, response) => {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(blog.#html);
    });
    await new Promise((resolve) => blog.#server.listen(0, "127.0.0.1", resolve));
    return blog;
  }

  /** Another site than the server's, which is opened by its address. */
  get origin() {
    return `http://localhost:${this.#server.address().port}`;
  }

  /** What it shows from now on. It notes what its frames tell it. */
  show(html) {
    this.#html = `<!doctype html><html lang="en"><title>blog</title><body style="background:#fff">
      <script>
        window.told = [];
        addEventListener("message", ({ data, origin }) => told.push({ ...data, origin }));
        window.say = (message) => frames[0].postMessage(message, "*");
      </script>${html}</body></html>`;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The frame of a page that shows the embed, once it is there; for both drivers. */
export function embedIn(page) {
  return page.frames().find((frame) => frame.url().includes("/embed/"));
}
