import type { ErrorCode } from "../protocol";

/** `offline`: the server does not answer. */
export type KeptProblem = ErrorCode | "offline";

/** What was asked for did not come. */
export class KeptError extends Error {
  readonly problem: KeptProblem;

  constructor(problem: KeptProblem) {
    super(problem);
    this.problem = problem;
  }
}

export function problemOf(error: unknown): KeptProblem {
  return error instanceof KeptError ? error.problem : "offline";
}

/** Whether the room lets in only who shows something. */
export function isShut(problem: KeptProblem | null): boolean {
  return problem === "auth_required" || problem === "auth_bad" || problem === "forbidden";
}

/** Asks the server. Throws a [`KeptError`]; when `signal` ends it, what `fetch` throws. */
export async function askFor<T>(url: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new KeptError("offline");
  }
  if (response.ok) return (await response.json()) as T;
  const body = (await response.json().catch(() => ({}))) as { code?: ErrorCode };
  throw new KeptError(body.code ?? (response.status === 404 ? "not_found" : "internal"));
}
