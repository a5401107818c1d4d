import { useLiveRooms } from "../../hooks/use-live-rooms";
import { later } from "../later";

const RoomRow = later(async () => (await import("./room-row")).RoomRow);

/** More than fit into a window need no place here; the home page has all. */
const SHOWN_MAX = 12;

/** Who else is live now. Nothing when nobody is. */
export function OtherRooms({ room }: { room: string }) {
  const { rooms } = useLiveRooms();
  const others = (rooms ?? []).filter((one) => one.room !== room).slice(0, SHOWN_MAX);
  return others.length > 0 && <RoomRow rooms={others} />;
}
