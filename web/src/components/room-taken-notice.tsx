import { useRoomFindings } from "../hooks/use-room-findings";
import { FindingNotices } from "./finding-notices";

/** The room is live from elsewhere, perhaps from OBS, which has no page: what is wrong with it. */
export function RoomTakenNotice({ room }: { room: string }) {
  return <FindingNotices findings={useRoomFindings(room)} />;
}
