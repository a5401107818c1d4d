import { type ChatLine, ChatLines } from "./chat-lines";
import { isName, keepName, ownName } from "./identity";
import { type Burst, Likes } from "./likes";
import { Listeners } from "./listeners";
import type {
  ChatItem,
  ChatRules,
  ChatStyle,
  ClientMessage,
  ErrorCode,
  Moderation,
  ReactionKind,
  RoomState,
  SelfInfo,
  ServerMessage,
} from "./protocol";
import { Store } from "./store";

/** The most characters of a message. */
export const TEXT_MAX = 200;
/** The most messages of ours that wait for the server's word. */
const WAITING_MAX = 8;
/** Requests whose refusal is still told to the person. */
const REQUESTS_MAX = 32;
/** So long after a new session its history may come that tells whether our last message arrived. */
const HISTORY_WITHIN_MS = 3_000;

/** Why something was not said, for the place where it was typed. */
export interface ChatProblem {
  code: ErrorCode | "not_connected" | "name_bad";
  /** From when on another try makes sense, by this page's clock. */
  untilMs: number | null;
}

export interface ChatSnapshot {
  lines: readonly ChatLine[];
  /** What we said and the server has not confirmed. */
  waiting: readonly { id: string; text: string }[];
  /** Who the person is; `mutedUntil` is by this page's clock. */
  me: SelfInfo | null;
  /** How the person is called; null before it said so. */
  name: string | null;
  /** The person wants to say something, and has no name. */
  asksName: boolean;
  nameProblem: ChatProblem | null;
  draft: string;
  problem: ChatProblem | null;
  /** Why the last action on a line or a person was refused. */
  actionProblem: ChatProblem | null;
  rules: ChatRules;
  pinned: ChatItem | null;
  likes: number;
  /** How what the person says looks over the picture. */
  style: ChatStyle;
  /** Lines that the person reported. */
  flagged: ReadonlySet<number>;
  /** In slow mode: when the person may write again, by this page's clock. */
  readyAtMs: number | null;
}

/** As a line without a style looks. */
const PLAIN: ChatStyle = { mode: "scroll", color: "white" };

export const CHAT_START: ChatSnapshot = {
  lines: [],
  waiting: [],
  me: null,
  name: null,
  asksName: false,
  nameProblem: null,
  draft: "",
  problem: null,
  actionProblem: null,
  rules: { on: true, slowS: 0, invitedOnly: false, history: true },
  pinned: null,
  likes: 0,
  style: PLAIN,
  flagged: new Set(),
  readyAtMs: null,
};

export interface ChatWire {
  readonly isOpen: boolean;
  send: (message: ClientMessage & { id?: string }) => void;
}

export interface ChatOptions {
  wire: ChatWire;
  /** The server's clock minus ours, in milliseconds. */
  clockOffsetMs?: () => number;
  /** When the picture was captured that the person sees now, by the server's clock. */
  seenAt?: () => number | null;
}

/** What comes of a request when the server refuses it. */
type Request =
  | { kind: "say"; text: string; sentAtMs: number }
  | { kind: "rename" }
  | { kind: "action" };

/** A line that came while the page was there, or was taken away. */
export type ChatNews = { added: ChatItem } | { mids: readonly number[]; uid: string | undefined };

/** What is said in a room, by a page that watches or hosts it. */
export class Chat extends Store<ChatSnapshot> {
  readonly #options: ChatOptions;
  readonly #lines = new ChatLines();
  readonly #requests = new Map<string, Request>();
  /** What the person wanted when it was asked for a name. */
  #afterName: (() => void) | null = null;
  readonly #likes: Likes;
  #ids = 0;
  #sure: ReturnType<typeof setTimeout> | undefined;
  /** Each new line, once, and each that goes; not those of the history. */
  readonly news = new Listeners<ChatNews>();
  /** Likes and gestures to show. */
  readonly bursts = new Listeners<Burst>();

  constructor(options: ChatOptions) {
    super({ ...CHAT_START, name: ownName() });
    this.#options = options;
    this.#likes = new Likes({
      send: (message) => options.wire.send(message),
      changed: () => this.update({ likes: this.#likes.total }),
      burst: (burst) => this.bursts.tell(burst),
    });
  }

  /** Takes what concerns the chat. True: it concerns nothing else. */
  receive(message: ServerMessage): boolean {
    switch (message.type) {
      case "welcome":
        this.#welcomed(message);
        return false;
      case "state":
        this.#roomChanged(message);
        return false;
      case "you":
        this.#setMe(message);
        return true;
      case "chats":
        this.#received(message);
        return true;
      case "sent":
        this.#said(message.item, message.re);
        return true;
      case "chat_removed":
        this.#lines.remove(message.mids, message.uid);
        this.update({ lines: this.#lines.all });
        this.news.tell({ mids: message.mids, uid: message.uid });
        return true;
      case "likes":
        this.#likes.counted(message.total, message.delta, message.reactions);
        return true;
      case "error":
        return this.#refused(message) && !message.fatal;
      default:
        return false;
    }
  }

  setDraft(draft: string): void {
    const { problem } = this.getSnapshot();
    // What is told of the old text does not hold for the new one; a wait does.
    const stays = problem?.untilMs != null;
    this.update({ draft, ...(stays ? {} : { problem: null }) });
  }

  /** Says the draft; asks for a name before the first time. */
  sendDraft(): void {
    const text = this.getSnapshot().draft.trim();
    if (text === "" || this.getSnapshot().waiting.length >= WAITING_MAX) return;
    if ([...text].length > TEXT_MAX) {
      this.update({ problem: { code: "too_large", untilMs: null } });
    } else if (this.getSnapshot().name === null) {
      this.askName(() => this.sendDraft());
    } else if (!this.#options.wire.isOpen) {
      this.update({ problem: { code: "not_connected", untilMs: null } });
    } else {
      this.#say(text);
    }
  }

  setStyle(style: ChatStyle): void {
    this.update({ style });
  }

  /** The person is called so from now on, in this browser; what it wanted to say is said. */
  setName(name: string): void {
    const clean = name.trim();
    if (!isName(clean)) {
      this.update({ nameProblem: { code: "name_bad", untilMs: null } });
      return;
    }
    keepName(clean);
    this.update({ name: clean, asksName: false, nameProblem: null });
    this.#ask({ type: "rename", name: clean }, { kind: "rename" });
    const then = this.#afterName;
    this.#afterName = null;
    then?.();
  }

  /** Opens the question for a name. `then`: what the person wanted that needs one. */
  askName(then: (() => void) | null = null): void {
    this.#afterName = then;
    this.update({ asksName: true, nameProblem: null });
  }

  /** The person does not want to say how it is called; what it typed stays. */
  closeName(): void {
    this.#afterName = null;
    this.update({ asksName: false, nameProblem: null });
  }

  /** `at`: where on the picture the person's finger was. */
  like(at?: { x: number; y: number }): void {
    this.#likes.add(at);
  }

  react(kind: ReactionKind): void {
    this.#likes.gesture(kind);
  }

  /** Reports a line to who keeps order. */
  flag(mid: number): void {
    if (this.getSnapshot().flagged.has(mid)) return;
    this.update({ flagged: new Set([...this.getSnapshot().flagged, mid]) });
    this.#ask({ type: "flag", mid }, { kind: "action" });
  }

  moderate(moderation: Moderation): void {
    this.update({ actionProblem: null });
    this.#ask({ type: "moderate", ...moderation }, { kind: "action" });
  }

  /** The person has read why an action was refused. */
  closeActionProblem(): void {
    this.update({ actionProblem: null });
  }

  /** Whether the person wrote a line. */
  isOwn(item: ChatItem): boolean {
    return item.uid === this.getSnapshot().me?.uid;
  }

  close(): void {
    clearTimeout(this.#sure);
    this.#likes.close();
  }

  #welcomed({ self, room, resumed }: Extract<ServerMessage, { type: "welcome" }>): void {
    this.#setMe(self);
    this.#roomChanged(room);
    if (!resumed) this.#likes.forget();
    const { name } = this.getSnapshot();
    // A host's `hello` need not say one.
    if (name !== null && self.name === undefined) {
      this.#ask({ type: "rename", name }, { kind: "rename" });
    }
    if (this.getSnapshot().waiting.length === 0) return;
    clearTimeout(this.#sure);
    this.#sure = setTimeout(() => this.#takeBackLost(), HISTORY_WITHIN_MS);
  }

  #roomChanged({ chat, pinned }: RoomState): void {
    this.update({ rules: chat, pinned });
    if (chat.slowS === 0) this.update({ readyAtMs: null });
  }

  #setMe(said: SelfInfo): void {
    const { mutedUntil } = said;
    // By this page's clock from here on.
    const me = { ...said };
    if (mutedUntil !== undefined) me.mutedUntil = mutedUntil - this.#clockOffsetMs();
    this.update({ me, ...(me.name === undefined ? {} : { name: me.name }) });
  }

  #received({ items, skipped, history }: Extract<ServerMessage, { type: "chats" }>): void {
    if (history) {
      this.#lines.replace(items, skipped);
      this.update({ lines: this.#lines.all });
      this.#takeBackLost();
      return;
    }
    this.#add(items, skipped);
  }

  #add(items: readonly ChatItem[], skipped?: number): void {
    const fresh = this.#lines.add(items, skipped);
    this.update({ lines: this.#lines.all });
    for (const added of fresh) this.news.tell({ added });
  }

  #say(text: string): void {
    const { style } = this.getSnapshot();
    const isPlain = style.mode === PLAIN.mode && style.color === PLAIN.color;
    const at = this.#options.seenAt?.() ?? null;
    const id = this.#ask(
      { type: "chat", text, ...(isPlain ? {} : { style }), ...(at === null ? {} : { at }) },
      { kind: "say", text, sentAtMs: Date.now() },
    );
    const waiting = [...this.getSnapshot().waiting, { id, text }];
    this.update({ draft: "", problem: null, waiting });
  }

  #said(item: ChatItem, re: string | number | undefined): void {
    this.#settle(String(re));
    this.#add([item]);
    const { rules, me } = this.getSnapshot();
    const isSlow = rules.slowS > 0 && !keepsOrder(me);
    if (isSlow) this.update({ readyAtMs: Date.now() + rules.slowS * 1000 });
  }

  /** Notes the request, so that its refusal finds the place where it was made. */
  #ask(message: ClientMessage, request: Request): string {
    this.#ids += 1;
    const id = `c${this.#ids}`;
    this.#requests.set(id, request);
    // Most are never refused, and nothing else ends them.
    for (const old of this.#requests.keys()) {
      if (this.#requests.size <= REQUESTS_MAX) break;
      this.#requests.delete(old);
    }
    this.#options.wire.send({ ...message, id });
    return id;
  }

  #settle(id: string): Request | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (request?.kind === "say") {
      this.update({ waiting: this.getSnapshot().waiting.filter((one) => one.id !== id) });
    }
    return request;
  }

  /** Whether it was a request of ours. */
  #refused({ code, re, retryMs }: Extract<ServerMessage, { type: "error" }>): boolean {
    const request = this.#settle(String(re));
    if (!request) return false;
    const untilMs = retryMs === undefined ? null : Date.now() + retryMs;
    switch (request.kind) {
      case "say":
        this.#takeBack(request.text, { code, untilMs });
        if (code === "name_needed") {
          this.#afterName = () => this.sendDraft();
          this.update({ asksName: true, problem: null });
        }
        break;
      case "rename":
        this.update({ asksName: true, nameProblem: { code, untilMs } });
        break;
      case "action":
        this.update({ actionProblem: { code, untilMs } });
    }
    return true;
  }

  /** What was not said stands in the input again, unless the person types something else already. */
  #takeBack(text: string, problem: ChatProblem): void {
    const { draft } = this.getSnapshot();
    this.update({ draft: draft.trim() === "" ? text : draft, problem });
  }

  /** What was said on a socket that died, and is not among the lines, did not arrive. */
  #takeBackLost(): void {
    clearTimeout(this.#sure);
    for (const { id, text } of this.getSnapshot().waiting) {
      const request = this.#settle(id);
      if (request?.kind !== "say") continue;
      const since = request.sentAtMs + this.#clockOffsetMs() - HISTORY_WITHIN_MS;
      const arrived = this.#lines.all.some(
        (line) => line.kind === "text" && this.#hasSaid(line.item, text, since),
      );
      if (!arrived) this.#takeBack(text, { code: "not_connected", untilMs: null });
    }
  }

  #hasSaid(item: ChatItem, text: string, sinceMs: number): boolean {
    return this.isOwn(item) && item.text === text && item.ts >= sinceMs;
  }

  #clockOffsetMs(): number {
    return this.#options.clockOffsetMs?.() ?? 0;
  }
}

/** Whether the rules of the chat do not hold for a person. */
export function keepsOrder(me: SelfInfo | null): boolean {
  return me?.standing === "host" || me?.standing === "moderator";
}

/** Why a person may not write at all now; null: it may. */
export function silenced(
  { rules, me }: Pick<ChatSnapshot, "rules" | "me">,
  nowMs: number,
): "chat_off" | "invited_only" | "muted" | null {
  if (keepsOrder(me)) return null;
  if (me?.mutedUntil !== undefined && me.mutedUntil > nowMs) return "muted";
  if (!rules.on) return "chat_off";
  return rules.invitedOnly && !me?.invited ? "invited_only" : null;
}
