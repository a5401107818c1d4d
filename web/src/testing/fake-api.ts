import { vi } from "vitest";

export interface Asked {
  method: string;
  /** Without `/api/v1`. */
  path: string;
  query: URLSearchParams;
  body: unknown;
  headers: Headers;
}

type Reply = (asked: Asked) => Response | Promise<Response>;

/** A server whose answers the test chooses: `GET /rooms` and so on; all else is not found. */
export class FakeApi {
  readonly asked: Asked[] = [];
  readonly replies: Record<string, Reply> = {};

  static install(): FakeApi {
    const api = new FakeApi();
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) => api.#answer(url, init));
    return api;
  }

  /** The last request of this kind. */
  last(what: string): Asked | undefined {
    return this.asked.findLast(({ method, path }) => `${method} ${path}` === what);
  }

  async #answer(url: string, init: RequestInit = {}): Promise<Response> {
    const { pathname, searchParams } = new URL(url, "http://kaibo.test");
    const asked: Asked = {
      method: init.method ?? "GET",
      path: decodeURI(pathname.replace(/^\/api\/v1/, "")),
      query: searchParams,
      body: typeof init.body === "string" ? JSON.parse(init.body) : null,
      headers: new Headers(init.headers),
    };
    this.asked.push(asked);
    const reply = this.replies[`${asked.method} ${asked.path}`];
    return reply ? reply(asked) : problem(404, "not_found");
  }
}

export function problem(
  status: number,
  code: string,
  detail = "",
  headers: Record<string, string> = {},
): Response {
  const body = JSON.stringify({ title: code, status, code, detail });
  return new Response(body, {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

/** Of a change that says nothing. */
export function noContent(): Response {
  return new Response(null, { status: 204 });
}
