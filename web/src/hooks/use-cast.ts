import { useEffect, useState } from "react";
import type { Tile } from "../components/cast/guest-tiles";
import { type GuestStreams, NO_STREAMS, SECOND_STREAM } from "../live/guest-streams";
import type { Place } from "../live/place";
import type { PersonId, Stage } from "../live/protocol";
import { layoutOf, stagePlaces, WHOLE } from "../live/stage-layout";
import { useStoreOr } from "./use-store";

interface CastOptions {
  stage: Stage | undefined;
  guests: GuestStreams | null;
  speaker: PersonId | null;
  /** The person itself, when it is on stage, and what its camera sends. */
  me: PersonId | null;
  own: MediaStream | null;
  /** What the host's second picture is called. */
  second: string;
}

export interface Cast {
  tiles: Tile[];
  /** Where the host is. */
  host: Place;
  /** Where the others are, in the order of `tiles`. */
  places: Place[];
  /** The person wants this one large; again, and the host's choice holds. */
  pick: (at: number) => void;
}

/** Who is on the stage of a room beside the host, and where. */
export function useCast({ stage, guests, speaker, me, own, second }: CastOptions): Cast {
  const { streams } = useStoreOr(guests, NO_STREAMS);
  const [picked, setPicked] = useState<string | null>(null);
  const tiles = tilesOf(stage, streams, { me, own, second });
  const at = tiles.findIndex((tile) => tile.id === picked);
  useEffect(() => {
    // Who was large has left.
    if (picked !== null && at < 0) setPicked(null);
  }, [picked, at]);
  const speaks = tiles.findIndex((tile) => tile.guest !== null && tile.guest.uid === speaker);
  const places =
    at >= 0
      ? stagePlaces("speaker", tiles.length, at + 1)
      : stagePlaces(layoutOf(stage), tiles.length, speaks + 1);
  const [host = WHOLE, ...others] = places;
  return {
    tiles,
    host,
    places: others,
    pick: (n) => setPicked((now) => (tiles[n]?.id === now ? null : (tiles[n]?.id ?? null))),
  };
}

function tilesOf(
  stage: Stage | undefined,
  streams: ReadonlyMap<string, MediaStream>,
  { me, own, second }: { me: PersonId | null; own: MediaStream | null; second: string },
): Tile[] {
  const screen = streams.get(SECOND_STREAM);
  const tiles: Tile[] = screen
    ? [{ id: SECOND_STREAM, name: second, stream: screen, guest: null, own: false }]
    : [];
  for (const guest of stage?.guests ?? []) {
    const isMe = own !== null && guest.uid === me;
    const stream = isMe ? own : (streams.get(guest.stream) ?? null);
    tiles.push({ id: guest.stream, name: guest.name, stream, guest, own: isMe });
  }
  return tiles;
}
