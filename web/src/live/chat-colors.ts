import type { ChatColor, ChatMode } from "./protocol";

/** Colours of messages over the picture, which is dark behind them. */
export const CHAT_COLORS: Record<ChatColor, string> = {
  white: "#ffffff",
  red: "#ff6b6b",
  orange: "#ffa94d",
  yellow: "#ffe066",
  green: "#69db7c",
  blue: "#74c0fc",
  purple: "#c9a2ff",
  pink: "#ff9ecb",
};

export const CHAT_COLOR_NAMES = Object.keys(CHAT_COLORS) as ChatColor[];

export const CHAT_MODES: readonly ChatMode[] = ["scroll", "top", "bottom"];
