import { withBase } from "../base-path";
import { Store } from "../store";
import { type Api, type ApiProblem, asProblem } from "./api";
import type { SessionInfo } from "./types";

/** Characters of the operator's password, at least. */
export const PASSWORD_MIN = 8;

export type AdminPhase =
  /** The server is asked who this is. */
  | "checking"
  /** The link of the first start led here: a password is chosen. */
  | "choosing"
  | "login"
  | "in"
  | "unreachable";

export interface AdminSnapshot {
  phase: AdminPhase;
  info: SessionInfo;
  /** A login that was good ended meanwhile. */
  wasIn: boolean;
}

/** Who the operator is to the server: by the link of the first start, a password, or the server's key. */
export class AdminSession extends Store<AdminSnapshot> {
  readonly #api: Api;
  #code: string | null = null;

  constructor(api: Api) {
    super({ phase: "checking", info: {}, wasIn: false });
    this.#api = api;
    api.onUnauthorized = () => this.#lost();
  }

  async start(): Promise<void> {
    const code = takeOwnerCode();
    if (code !== null) {
      this.#code = code;
      this.update({ phase: "choosing" });
      return;
    }
    await this.check();
  }

  async check(): Promise<void> {
    try {
      const info = await this.#api.get<SessionInfo | null>("/session");
      this.update({ phase: "in", info: info ?? {} });
    } catch (error) {
      const { status } = asProblem(error);
      if (status === 401 || status === 403) this.update({ phase: "login" });
      else if (status === 404) this.update({ phase: "in", info: {} });
      else this.update({ phase: "unreachable" });
    }
  }

  /** Null when it is done. */
  async choosePassword(password: string): Promise<ApiProblem | null> {
    const problem = await this.#try("/owner", { code: this.#code, password });
    if (problem === null) this.#code = null;
    return problem;
  }

  loginByPassword(password: string): Promise<ApiProblem | null> {
    return this.#try("/session", { password });
  }

  loginByKey(key: string): Promise<ApiProblem | null> {
    return this.#try("/session", { key });
  }

  /** For whoever is in without a password, as at the server's own machine. */
  async makeOwner(): Promise<void> {
    const { code } = await this.#api.post<{ code: string }>("/owner/link");
    this.#code = code;
    this.update({ phase: "choosing" });
  }

  /** For whoever has a password already, or whose code is no longer good. */
  async giveUpCode(): Promise<void> {
    this.#code = null;
    this.update({ phase: "checking" });
    await this.check();
  }

  async logout(): Promise<ApiProblem | null> {
    try {
      await this.#api.delete("/session");
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status !== 401) return problem;
    }
    this.update({ phase: "login", info: {}, wasIn: false });
    return null;
  }

  async #try(path: string, body: object): Promise<ApiProblem | null> {
    try {
      await this.#api.post(path, body);
    } catch (error) {
      return asProblem(error);
    }
    await this.check();
    return null;
  }

  #lost(): void {
    if (this.getSnapshot().phase !== "in") return;
    this.update({ phase: "login", info: {}, wasIn: true });
  }
}

/** The code of the address, which does not stay there: an address is seen, copied and kept. */
function takeOwnerCode(): string | null {
  const match = /^#owner=(.+)$/.exec(location.hash);
  if (!match?.[1]) return null;
  history.replaceState(history.state, "", withBase("/admin"));
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
}
