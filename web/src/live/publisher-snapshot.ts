import { type Health, SERVER_GONE, type Verdict } from "./health";
import type { ErrorCode, Finding, LiveState, Person, RoomState, Standing } from "./protocol";
import type { SendStats } from "./stats";
import type { NoPath } from "./why-no-path";

export type PublisherProblem = ErrorCode | "replaced" | "unsupported" | "turn_needs_name";

export interface PublisherSnapshot {
  phase: "idle" | "connecting" | "live" | "ended" | "failed";
  /** The conversation with the room, also without media: `open` when it may be hosted from this page. */
  desk: "none" | "opening" | "open";
  /** What the server takes the person for. */
  standing: Standing | null;
  room: RoomState | null;
  /** Since when somebody is live in the room, by this page's clock. */
  onAirSinceMs: number | null;
  /** Whether the media reaches the server. */
  connected: boolean;
  /** The round trip of the conversation with the server. */
  rttMs: number | null;
  /** The socket is lost; tries so far. */
  attempt: number;
  viewers: number;
  peak: number;
  /** By this page's clock. */
  liveSinceMs: number | null;
  durationMs: number;
  problem: PublisherProblem | null;
  /** Why there is no path to the server, or was none when we gave up. */
  noPath: NoPath | null;
  stats: SendStats | null;
  health: Health | null;
  /** The layers (`rid`) that are not sent, since nobody watches them. */
  paused: ReadonlySet<string>;
  /** What the server finds wrong with what is sent. */
  findings: readonly Finding[];
  /** Who wants to come on stage, in the order in which they asked. */
  queue: readonly Person[];
}

export const NOTHING: ReadonlySet<string> = new Set();

export const IDLE: PublisherSnapshot = {
  phase: "idle",
  desk: "none",
  standing: null,
  room: null,
  onAirSinceMs: null,
  connected: false,
  rttMs: null,
  attempt: 0,
  viewers: 0,
  peak: 0,
  liveSinceMs: null,
  durationMs: 0,
  problem: null,
  noPath: null,
  stats: null,
  health: null,
  paused: NOTHING,
  findings: [],
  queue: [],
};

/** Where the broadcast stands, as the host should see it. */
export function hostState(snapshot: PublisherSnapshot): LiveState {
  switch (snapshot.phase) {
    case "idle":
    case "failed":
      return "offline";
    case "connecting":
      return "starting";
    case "ended":
      return "ended";
    case "live":
      return snapshot.connected && snapshot.room?.live !== "interrupted" ? "live" : "interrupted";
  }
}

/** How it goes, as the host should see it: a server that does not hear us is not fine. */
export function healthOf({ phase, connected, attempt, health }: PublisherSnapshot): Verdict | null {
  if (phase === "live" && (!connected || attempt > 0)) return SERVER_GONE;
  return phase === "live" ? health : null;
}
