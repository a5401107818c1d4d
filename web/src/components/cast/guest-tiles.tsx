import { MicOff, VideoOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { useLanguage } from "../../hooks/use-language";
import { type Place, placeStyle } from "../../live/place";
import type { Guest } from "../../live/protocol";
import styles from "./guest-tiles.module.css";

/** A picture on stage beside the host's. */
export interface Tile {
  id: string;
  name: string;
  stream: MediaStream | null;
  guest: Guest | null;
  /** The person's own: it is mirrored, and not heard. */
  own: boolean;
}

interface GuestTilesProps {
  tiles: readonly Tile[];
  /** Where each of them is; the host's place is not among these. */
  places: readonly Place[];
  muted: boolean;
  volume: number;
  paused: boolean;
  speaker: string | null;
  /** The person wants this one to be large. */
  onPick?: (at: number) => void;
}

/** The pictures of guests, and the host's second one, in their places on the stage. */
export function GuestTiles(props: GuestTilesProps) {
  return props.tiles.map((tile, at) => {
    const place = props.places[at];
    return place && <GuestTile key={tile.id} {...props} tile={tile} at={at} place={place} />;
  });
}

interface GuestTileProps extends GuestTilesProps {
  tile: Tile;
  at: number;
  place: Place;
}

function GuestTile({ tile, at, place, muted, volume, paused, speaker, onPick }: GuestTileProps) {
  const { t } = useLanguage();
  const video = useRef<HTMLVideoElement>(null);
  const { stream, guest } = tile;
  useEffect(() => {
    if (video.current && video.current.srcObject !== stream) video.current.srcObject = stream;
  }, [stream]);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    element.muted = muted || tile.own;
    element.volume = volume;
    if (paused && !tile.own) element.pause();
    // Refused, it plays with the host's picture after the person's next touch.
    else if (stream) void element.play().catch(() => undefined);
  }, [muted, volume, paused, stream, tile.own]);
  const isSeen = guest === null || guest.video;
  const isAway = guest !== null && !guest.live && !tile.own;
  return (
    <figure
      className={styles.tile}
      style={placeStyle(place)}
      data-testid="guest-tile"
      data-name={tile.name}
      data-speaks={guest !== null && guest.uid === speaker}
    >
      <video
        ref={video}
        className={styles.video}
        data-own={tile.own}
        aria-label={t("cast.video", { name: tile.name })}
        playsInline
        muted
        hidden={!isSeen || isAway}
      />
      {(!isSeen || isAway) && (
        <span className={styles.away}>
          <VideoOff size={22} aria-hidden="true" />
          {isAway && t("cast.away")}
        </span>
      )}
      <figcaption className={styles.name}>
        {guest !== null && !guest.audio && <MicOff size={14} aria-label={t("cast.muted")} />}
        <span>{tile.own ? t("cast.own", { name: tile.name }) : tile.name}</span>
      </figcaption>
      {onPick && (
        <button
          type="button"
          className={styles.pick}
          aria-label={t("cast.pick", { name: tile.name })}
          onClick={() => onPick(at)}
        />
      )}
    </figure>
  );
}
