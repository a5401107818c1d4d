import { SECOND_STREAM } from "../live/guest-streams";
import { type Place, placeStyle } from "../live/place";
import type { PlayerSnapshot } from "../live/player";
import type { Guest } from "../live/protocol";
import { layoutOf, stagePlaces, WHOLE } from "../live/stage-layout";
import type { WatcherSnapshot } from "./watcher";

/** A picture beside the host's. */
interface Tile {
  figure: HTMLElement;
  video: HTMLVideoElement;
  name: HTMLElement;
}

/** Guests on stage, seen and heard, and the host's second picture. */
export class Cast {
  readonly #host: readonly HTMLElement[];
  readonly #tiles = new Map<string, Tile>();

  /** `host`: what the host's picture is drawn on; the others stand above it. */
  constructor(host: readonly HTMLElement[]) {
    this.#host = host;
  }

  draw({ room, guests: streams, speaker }: WatcherSnapshot, player: PlayerSnapshot): void {
    const stage = room?.stage;
    const guests = stage?.guests ?? [];
    const ids = guests.map((guest) => guest.stream);
    if (streams.has(SECOND_STREAM)) ids.unshift(SECOND_STREAM);
    for (const [id, { figure }] of this.#tiles) {
      if (ids.includes(id)) continue;
      figure.remove();
      this.#tiles.delete(id);
    }
    const of = (id: string) => guests.find((guest) => guest.stream === id);
    const speaks = ids.findIndex((id) => speaker !== null && of(id)?.uid === speaker);
    const [host, ...places] = stagePlaces(layoutOf(stage), ids.length, speaks + 1);
    for (const element of this.#host) put(element, host);
    ids.forEach((id, at) => {
      const tile = this.#tiles.get(id) ?? this.#add(id);
      put(tile.figure, places[at]);
      tile.figure.dataset.speaks = String(at === speaks);
      show(tile, of(id), streams.get(id) ?? null, player);
    });
  }

  clear(): void {
    for (const { figure } of this.#tiles.values()) figure.remove();
    this.#tiles.clear();
    for (const element of this.#host) put(element);
  }

  #add(id: string): Tile {
    const [figure, video, name] = (["figure", "video", "figcaption"] as const).map((tag) =>
      document.createElement(tag),
    ) as [HTMLElement, HTMLVideoElement, HTMLElement];
    figure.className = "tile";
    figure.dataset.testid = "guest-tile";
    video.playsInline = true;
    video.muted = true;
    figure.append(video, name);
    ([...this.#tiles.values()].at(-1)?.figure ?? this.#host.at(-1))?.after(figure);
    const tile = { figure, video, name };
    this.#tiles.set(id, tile);
    return tile;
  }
}

function show(
  { figure, video, name }: Tile,
  guest: Guest | undefined,
  stream: MediaStream | null,
  player: PlayerSnapshot,
): void {
  const text = guest?.name ?? "";
  if (name.textContent !== text) name.textContent = text;
  name.hidden = text === "";
  figure.dataset.seen = String(!guest || (guest.live && guest.video));
  if (video.srcObject !== stream) video.srcObject = stream;
  video.muted = player.muted;
  video.volume = player.volume;
  if (player.paused) video.pause();
  // Refused, it plays with the host's picture after the person's next touch.
  else if (stream && video.paused) void video.play().catch(() => undefined);
}

/** Without a place an element fills the stage. */
function put(element: HTMLElement, place: Place = WHOLE): void {
  Object.assign(element.style, placeStyle(place));
}
