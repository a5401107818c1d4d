import { useEffect, useState } from "react";
import { GuestFeed } from "../live/guest-feed";
import type { GuestStreams } from "../live/guest-streams";
import type { Publisher } from "../live/publisher";

/** What the guests send, for as long as the page is there: the server offers it once. */
export function useGuestFeed(publisher: Publisher): GuestStreams | null {
  const [feed, setFeed] = useState<GuestFeed | null>(null);
  useEffect(() => {
    const made = new GuestFeed({
      send: (message) => publisher.say(message),
      listen: (hear) => publisher.listen(hear),
    });
    setFeed(made);
    return () => made.close();
  }, [publisher]);
  return feed?.guests ?? null;
}
