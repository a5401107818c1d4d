import type { Studio } from "../../hooks/use-studio";
import { HostPrepare } from "../host-prepare";
import { GuestStrip } from "./guest-strip";
import { FeedPreview, HostEnded } from "./on-air";
import { Preview } from "./preview";

/** What fills the studio: the question for a camera, what is sent, or how it was. */
export function Stage({ studio, onObs }: { studio: Studio; onObs: () => void }) {
  return (
    <>
      <Picture studio={studio} onObs={onObs} />
      <GuestStrip studio={studio} />
    </>
  );
}

function Picture({ studio, onObs }: { studio: Studio; onObs: () => void }) {
  const { media, snapshot, broadcast, isFed, note } = studio;
  if (broadcast.phase === "ended") {
    return <HostEnded publisher={broadcast} onAgain={studio.again} />;
  }
  if (snapshot.stream) return <Preview snapshot={snapshot} mirror={studio.mirror} />;
  if (isFed && !note && broadcast.room) return <FeedPreview room={broadcast.room.room} />;
  return <HostPrepare media={media} snapshot={snapshot} onObs={onObs} />;
}
