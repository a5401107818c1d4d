import type { ReactionKind } from "./protocol";

/** How gestures look. */
export const REACTIONS: Record<ReactionKind, string> = {
  clap: "👏",
  laugh: "😂",
  wow: "😮",
  rose: "🌹",
  rocket: "🚀",
  party: "🎉",
};

export const REACTION_KINDS = Object.keys(REACTIONS) as ReactionKind[];
