import { parseRoomName } from "../live/room-name";

/** What the address of the embed asks for. */
export interface EmbedOptions {
  /** Plays by itself; otherwise nothing is loaded before somebody presses play. */
  autoplay: boolean;
  /** Null: as this browser played the last time, and muted the first time. */
  muted: boolean | null;
  /** The bar and the title. */
  controls: boolean;
}

/** `?muted`, `?muted=1` and `?muted=true` are yes; `0`, `false` and `no` are no. */
export function readOptions(search: string): EmbedOptions {
  const query = new URLSearchParams(search);
  const flag = (name: string): boolean | null => {
    const value = query.get(name);
    return value === null ? null : !/^(0|false|no|off)$/i.test(value);
  };
  return {
    autoplay: flag("autoplay") ?? true,
    muted: flag("muted"),
    controls: flag("controls") ?? true,
  };
}

/** The room of `/embed/{room}`; null where no room can be called so. */
export function roomOfEmbed(path: string): string | null {
  const [, name] = /^\/embed\/([^/]+)\/?$/.exec(path) ?? [];
  try {
    return name ? parseRoomName(decodeURIComponent(name)) : null;
  } catch {
    return null;
  }
}
