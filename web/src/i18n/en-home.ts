import { enFan } from "./en-fan";
import type { zhHome } from "./zh-home";

export const enHome: Readonly<Record<keyof typeof zhHome, string>> = {
  ...enFan,
  "home.title": "Open a page, and you are live",
  "home.lead": "Broadcast and watch with nothing but a browser, less than a second behind.",
  "home.host.title": "Go live",
  "home.host.text": "With your camera or your screen, in one click",
  "home.watch.title": "Watch",
  "home.watch.text": "Type a room’s name, or paste its link",
  "home.watch.label": "Room name or link",
  "home.watch.placeholder": "e.g. default",
  "home.watch.go": "Enter the room",
  "home.watch.recent": "Recent",
  "home.live.title": "Live now",
  "home.live.empty": "Nobody is live right now",
  "home.live.emptyText":
    "Be the first: press “Go live”. New broadcasts show up here automatically.",
  "home.live.failed": "The server cannot be reached; trying again",
};
