import { useStoreOr } from "../../hooks/use-store";
import type { Studio } from "../../hooks/use-studio";
import { NO_STREAMS } from "../../live/guest-streams";
import { GuestTiles } from "../cast/guest-tiles";
import styles from "./guest-strip.module.css";

/** Guests beside each other, of the width of the preview. */
const LEAST = 3;

/** The host's guests, seen and heard. */
export function GuestStrip({ studio: { guestStreams, broadcast } }: { studio: Studio }) {
  const { streams } = useStoreOr(guestStreams, NO_STREAMS);
  const guests = broadcast.room?.stage.guests ?? [];
  if (guests.length === 0 || broadcast.phase === "ended") return null;
  const share = 1 / Math.max(guests.length, LEAST);
  const tiles = guests.map((guest) => {
    const stream = streams.get(guest.stream) ?? null;
    return { id: guest.stream, name: guest.name, stream, guest, own: false };
  });
  return (
    <div className={styles.strip} data-testid="guest-strip">
      <GuestTiles
        tiles={tiles}
        places={tiles.map((_, at) => ({ x: at * share, y: 0, w: share, h: 1 }))}
        muted={false}
        volume={1}
        paused={false}
        speaker={null}
      />
    </div>
  );
}
