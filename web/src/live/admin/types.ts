/** What `/api/v1` says. Times are in milliseconds since the Unix epoch. */

import type { LiveState } from "../protocol";

export const WATCHES = ["everybody", "unlisted", "password", "invited", "token"] as const;
export type Watch = (typeof WATCHES)[number];

export const CHATS = ["everybody", "moderators", "nobody"] as const;
export type ChatPolicy = (typeof CHATS)[number];

export const RECORDS = ["host", "always", "operator"] as const;
export type RecordPolicy = (typeof RECORDS)[number];

export const INVITE_ROLES = ["fan", "moderator"] as const;
export type InviteRole = (typeof INVITE_ROLES)[number];

export interface RoomKey {
  id: string | number;
  name: string;
  made: number;
  lastUsed?: number | null;
  /** In the answer that makes it. */
  key?: string;
}

export interface Invite {
  id: string | number;
  name: string;
  role: InviteRole;
  made: number;
  expires?: number | null;
  uses?: number | null;
  used: number;
  /** In the answer that makes it. */
  code?: string;
}

export interface AdminRoom {
  room: string;
  title?: string | null;
  watch: Watch;
  chat: ChatPolicy;
  maxViewers?: number | null;
  maxKbps?: number | null;
  /** Who has it recorded; none: as the server is set. */
  record?: RecordPolicy | null;
  made: number;
  keys: RoomKey[];
  invites: Invite[];
  live: LiveState;
  viewers: number;
  since?: number | null;
  cover?: number | null;
}

/** A room as any version of the server tells it. */
export type RawRoom = Pick<AdminRoom, "room"> & Partial<AdminRoom>;

export function roomOf(raw: RawRoom): AdminRoom {
  return {
    watch: "everybody",
    chat: "everybody",
    made: 0,
    keys: [],
    invites: [],
    live: "offline",
    viewers: 0,
    ...raw,
  };
}

/** What a room is given by `PUT /rooms/{room}`. */
export interface RoomRules {
  watch: Watch;
  password?: string;
  chat?: ChatPolicy;
  maxViewers?: number;
  maxKbps?: number;
  record?: RecordPolicy;
}

export interface SessionInfo {
  by?: "owner" | "key" | "machine";
  version?: string;
  /** Somebody chose a password. */
  hasOwner?: boolean;
}

export interface TokenKey {
  id: string;
  name: string;
  made: number;
  lastUsed?: number | null;
  secret?: string;
}

export interface MintRequest {
  room: string;
  publish?: boolean;
  subscribe?: boolean;
  admin?: boolean;
  chat?: boolean;
  name?: string;
  ttlS?: number;
}

export interface Webhook {
  id: string | number;
  url: string;
  events?: string[];
  made: number;
  last?: { at: number; code?: number | null; error?: string | null } | null;
  waiting?: number;
  secret?: string;
}

export interface Delivery {
  id: string | number;
  event: string;
  room?: string | null;
  at: number;
  tries: number;
  status: "waiting" | "delivered" | "failed";
  code?: number | null;
  error?: string | null;
  next?: number | null;
}

export interface BroadcastSummary {
  id: string | number;
  room: string;
  title?: string | null;
  began: number;
  ended?: number | null;
  peak: number;
  joins: number;
}

export interface Recording {
  id: string;
  room: string;
  /** What the broadcast was called. */
  title?: string | null;
  began: number;
  /** None while it is made. */
  ended?: number | null;
  why?: string | null;
  error?: string | null;
  /** Those that are whole. */
  files: { name: string; at: number; durationS: number; bytes: number }[];
}

export const FAULTS = ["uplink", "server", "lastMile", "device"] as const;
export type Fault = (typeof FAULTS)[number];

export interface Broadcast extends BroadcastSummary {
  durationS?: number;
  latencyMs?: { p50: number; p95: number } | null;
  layers?: { name: string; share: number }[];
  /** The last one may not be over. */
  interruptions?: { at: number; forS?: number | null }[];
  /** What is not known is left out. */
  freezes?: { n?: number; perHour?: number; byFault?: Partial<Record<Fault, number>> };
  /** In a word of `docs/operate.md`. */
  why?: string | null;
  findings?: { code: string; at: number }[];
  timeline?: { at: number; viewers: number; kbps: number }[];
}

/** When, viewers, kbit/s in, kbit/s out. */
export type HistoryPoint = [at: number, viewers: number, inKbps: number, outKbps: number];

export interface History {
  stepS: number;
  rooms: { room: string; points: HistoryPoint[] }[];
}

export interface RoomSession {
  id: string;
  role: "host" | "guest" | "fan";
  door: "ws" | "whip" | "whep";
  name?: string | null;
  network?: string | null;
  joined: number;
  state: string;
  layer?: string | null;
  rttMs?: number | null;
  lossPct?: number | null;
  freezes?: number | null;
  where?: Fault | null;
}

export interface RoomFinding {
  room: string;
  code: string;
  since: number;
  detail?: string | null;
}

export interface AuditEntry {
  at: number;
  by: string;
  ip?: string | null;
  deed: string;
  on?: string | null;
}

export interface Setting {
  name: string;
  value: unknown;
  canChange?: boolean;
}

/** What came of the configuration that was read again; settings by name. */
export interface Reloaded {
  changed?: string[];
  /** They have another value in the file, and keep theirs until the next start. */
  needRestart?: string[];
  certificates?: "none" | "loaded" | "failed";
  /** Why the certificate files cannot be used. */
  certificateProblem?: string;
}
