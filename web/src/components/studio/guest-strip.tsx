import { useEffect, useState } from "react";
import { useStoreOr } from "../../hooks/use-store";
import { GuestFeed } from "../../live/guest-feed";
import { NO_STREAMS } from "../../live/guest-streams";
import type { Guest } from "../../live/protocol";
import type { Publisher } from "../../live/publisher";
import { GuestTiles } from "../cast/guest-tiles";
import styles from "./guest-strip.module.css";

/** Guests beside each other, of the width of the preview. */
const LEAST = 3;

/** The host's guests, seen and heard. */
export function GuestStrip({ publisher, guests }: { publisher: Publisher; guests: Guest[] }) {
  const [feed, setFeed] = useState<GuestFeed | null>(null);
  useEffect(() => {
    const made = new GuestFeed({
      send: (message) => publisher.say(message),
      listen: (hear) => publisher.listen(hear),
    });
    setFeed(made);
    return () => made.close();
  }, [publisher]);
  const { streams } = useStoreOr(feed?.guests ?? null, NO_STREAMS);
  if (guests.length === 0) return null;
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
