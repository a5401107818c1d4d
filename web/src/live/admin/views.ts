import { withBase } from "../base-path";
import { roomUrl } from "../room-name";

/** What of the admin page an address shows. */
export type AdminView =
  | { name: Section }
  | { name: "room"; room: string }
  | { name: "broadcast"; id: string };

export const SECTIONS = [
  "rooms",
  "broadcasts",
  "tokens",
  "webhooks",
  "doctor",
  "settings",
  "audit",
] as const;
export type Section = (typeof SECTIONS)[number];

export const ADMIN = "/admin";

/** The view of a path of ours below `/admin`; null where there is none. */
export function adminViewOf(path: string): AdminView | null {
  const [section = "", rest, ...more] = path.slice(ADMIN.length + 1).split("/");
  if (more.length > 0) return null;
  if (rest === undefined || rest === "") {
    if (section === "") return { name: "rooms" };
    const name = SECTIONS.find((known) => known === section);
    return name === undefined ? null : { name };
  }
  const what = decoded(rest);
  if (what === null) return null;
  if (section === "rooms") return { name: "room", room: what };
  return section === "broadcasts" ? { name: "broadcast", id: what } : null;
}

export function sectionPath(section: Section): string {
  return section === "rooms" ? ADMIN : `${ADMIN}/${section}`;
}

export function adminRoomPath(room: string): string {
  return `${ADMIN}/rooms/${encodeURIComponent(room)}`;
}

export function broadcastPath(id: string | number): string {
  return `${ADMIN}/broadcasts/${encodeURIComponent(id)}`;
}

/** The section that a view belongs to. */
export function sectionOf(view: AdminView | null): Section | null {
  if (view === null) return null;
  if (view.name === "room") return "rooms";
  return view.name === "broadcast" ? "broadcasts" : view.name;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The link of an invitation; its code stays in the browser, no server's log has it. */
export function inviteUrl(room: string, code: string, origin = location.origin): string {
  return `${roomUrl(room, origin)}#invite=${encodeURIComponent(code)}`;
}

/** Where a host goes live in a room from a browser. */
export function hostUrl(room: string, origin = location.origin): string {
  return `${origin}${withBase(`/host?room=${encodeURIComponent(room)}`)}`;
}
