import { fill } from "../i18n/detect-language";
import type { PlayerSnapshot } from "../live/player";
import { SHOWN_TRIES } from "../live/reconnect";
import type { ViewerPhase, ViewerProblem } from "../live/viewer-phase";
import type { WatcherSnapshot } from "./watcher";
import type { Key, Words } from "./words";

/** `idle`: nothing is loaded before somebody presses play. */
export type EmbedState = ViewerPhase | "idle";

/** What the visitor is told: in the place of the picture, or over it. */
export interface Message {
  in: "card" | "chip";
  title: string;
  text: string;
  busy: boolean;
  canReload: boolean;
}

/** Everything that is drawn. */
export interface Scene {
  state: EmbedState;
  message: Message | null;
  title: string;
  host: string;
  /** Whether a picture stands on the stage, moving or not. */
  hasPicture: boolean;
  /** Whether the picture is that of now. */
  isLive: boolean;
  isRecorded: boolean;
  /** A large button to play: nothing plays before a tap. */
  wantsTap: boolean;
}

/** The last frame stays while a path is sought anew. */
const WITH_PICTURE: readonly EmbedState[] = [
  "connecting",
  "live",
  "stalled",
  "interrupted",
  "reconnecting",
];

const PROBLEMS: Partial<Record<ViewerProblem, Key>> = {
  auth_required: "embed.password",
  auth_bad: "embed.password",
  not_found: "problem.not_found",
  banned: "problem.banned",
  room_full: "problem.room_full",
  server_full: "problem.server_full",
  codec_unsupported: "problem.codec_unsupported",
  ice_timeout: "embed.network",
  ice_failed: "embed.network",
  dtls_failed: "embed.network",
  replaced: "problem.replaced",
  unsupported: "problem.unsupported",
  version_unsupported: "problem.version_unsupported",
};

/** `watched` is null before somebody pressed play. */
export function sceneOf(
  room: string,
  watched: WatcherSnapshot | null,
  player: PlayerSnapshot,
  words: Words,
): Scene {
  const state = watched?.phase ?? "idle";
  const { title = null, host = null } = watched?.room ?? {};
  const hasPicture = player.hasFrame && WITH_PICTURE.includes(state);
  return {
    state,
    message: watched && messageOf(watched, words),
    title: title ?? room,
    host: host ? fill(words["room.hostedBy"], { name: host.name }) : "",
    hasPicture,
    isLive: state === "live" && !player.paused,
    isRecorded: hasPicture && watched?.room?.kept.recording === true,
    wantsTap: state === "idle" || player.blocked,
  };
}

function messageOf(watched: WatcherSnapshot, words: Words): Message | null {
  const { phase, room, problem } = watched;
  const card = (title: Key, text = "", more = {}): Message => {
    return { in: "card", title: words[title], text, busy: false, canReload: false, ...more };
  };
  const chip = (title: string, busy: boolean): Message => {
    return { in: "chip", title, text: "", busy, canReload: false };
  };
  switch (phase) {
    case "waiting":
      return card("watch.waiting");
    case "ended":
      return card("watch.ended", words["watch.ended.text"]);
    case "error": {
      const said = words[(problem && PROBLEMS[problem]) ?? "problem.other"];
      const why = fill(said, { codec: watched.detail ?? "?", code: problem ?? "" });
      if (watched.retrying) return card("watch.error", `${why} ${words["problem.retrying"]}`);
      return card("watch.error", why, { canReload: true });
    }
    case "connecting":
    case "stalled":
    case "interrupted":
      return chip(words[`watch.${phase}`], true);
    case "reconnecting": {
      const n = Math.min(Math.max(watched.attempt, 1), SHOWN_TRIES);
      return chip(fill(words["watch.reconnecting"], { n, max: SHOWN_TRIES }), true);
    }
    case "live":
      if (room?.video === "off") return card("watch.audioOnly");
      if (watched.starved) return chip(words["watch.starved"], false);
      return room?.audio === "muted" ? chip(words["watch.hostMuted"], false) : null;
  }
}
