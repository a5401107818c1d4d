import { withBase } from "../base-path";
import { randomHex } from "../random";

/** Why a request was not done. */
export class ApiProblem extends Error {
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  /** For a program; `unreachable` when there was no answer. */
  readonly code: string;
  /** For a person, in English; may be empty. */
  readonly detail: string;
  readonly retryAfterS: number | null;

  constructor(status: number, code: string, detail = "", retryAfterS: number | null = null) {
    super(`${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.retryAfterS = retryAfterS;
  }
}

/** One page of a list; `next` is where the following one begins. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What was read, and the version of it. */
export interface Versioned<T> {
  value: T;
  etag: string | null;
}

interface Options {
  body?: unknown;
  etag?: string | null | undefined;
  signal?: AbortSignal | undefined;
}

type Query = Record<string, string | number | null | undefined>;

/** Requests to `/api/v1`. The right to make them is in the cookie of the login. */
export class Api {
  /** Called when the server no longer knows who asks. */
  onUnauthorized: () => void = () => undefined;
  /** Keys of requests that got no answer: sent once more they are still done once. */
  readonly #unanswered = new Map<string, string>();

  get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return this.#json<T>("GET", path + queryOf(query), { signal });
  }

  async getVersioned<T>(path: string, signal?: AbortSignal): Promise<Versioned<T>> {
    const response = await this.#send("GET", path, { signal });
    return { value: (await jsonOf(response)) as T, etag: response.headers.get("etag") };
  }

  /** One page of a list. Servers before the cursor answered with all of it, as an array. */
  async list<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Page<T>> {
    const answer = await this.get<T[] | { items?: T[]; next?: string | null }>(path, query, signal);
    if (Array.isArray(answer)) return { items: answer, next: null };
    return { items: answer.items ?? [], next: answer.next ?? null };
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.#json<T>("POST", path, { body });
  }

  /** With `etag`, only if nobody else has changed it meanwhile. */
  put<T>(path: string, body: unknown, etag?: string | null): Promise<T> {
    return this.#json<T>("PUT", path, { body, etag });
  }

  async delete(path: string): Promise<void> {
    await this.#send("DELETE", path, {});
  }

  async #json<T>(method: string, path: string, options: Options): Promise<T> {
    return (await jsonOf(await this.#send(method, path, options))) as T;
  }

  async #send(method: string, path: string, { body, etag, signal }: Options): Promise<Response> {
    const headers = new Headers();
    const text = body === undefined ? null : JSON.stringify(body);
    if (text !== null) headers.set("content-type", "application/json");
    if (etag) headers.set("if-match", etag);
    const deed = `${path} ${text}`;
    if (method === "POST") {
      const key = this.#unanswered.get(deed) ?? randomHex(16);
      this.#unanswered.set(deed, key);
      headers.set("idempotency-key", key);
    }
    let response: Response;
    try {
      const url = withBase(`/api/v1${path}`);
      response = await fetch(url, { method, headers, body: text, signal: signal ?? null });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiProblem(0, "unreachable");
    }
    this.#unanswered.delete(deed);
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status === 401) this.onUnauthorized();
    throw problem;
  }
}

function queryOf(query: Query): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => [name, String(value)]);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiProblem(response.status, "bad_json");
  }
}

/** As problem+json tells it (RFC 9457), or as `{code, message}`. */
async function problemOf(response: Response): Promise<ApiProblem> {
  let body: Record<string, unknown> = {};
  try {
    const parsed = (await response.json()) as unknown;
    if (typeof parsed === "object" && parsed !== null) body = parsed as Record<string, unknown>;
  } catch {
    // A proxy may answer with a page.
  }
  const said = (name: string) => (typeof body[name] === "string" ? body[name] : null);
  const retry = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new ApiProblem(
    response.status,
    said("code") ?? `http_${response.status}`,
    said("detail") ?? said("message") ?? said("title") ?? "",
    Number.isFinite(retry) ? retry : null,
  );
}

/** What went wrong, also when it was no answer of the server. */
export function asProblem(error: unknown): ApiProblem {
  return error instanceof ApiProblem ? error : new ApiProblem(0, "unreachable");
}

/** The server has no such endpoint, or no such thing. */
export function isMissing(problem: ApiProblem | null): boolean {
  return problem !== null && (problem.status === 404 || problem.status === 405);
}
