import { useLanguage } from "../../hooks/use-language";
import { useLiveRooms } from "../../hooks/use-live-rooms";
import { useNow } from "../../hooks/use-now";
import { RoomCard } from "../room-card";
import styles from "./other-rooms.module.css";

/** More than fit into a window need no place here; the home page has all. */
const SHOWN_MAX = 12;

/** Who else is live now. Nothing when nobody is. */
export function OtherRooms({ room }: { room: string }) {
  const { t } = useLanguage();
  const { rooms } = useLiveRooms();
  const now = useNow(true);
  const others = (rooms ?? []).filter((one) => one.room !== room).slice(0, SHOWN_MAX);
  if (others.length === 0) return null;
  return (
    <section className={styles.others} aria-labelledby="other-rooms" data-testid="other-rooms">
      <h2 id="other-rooms">{t("room.others")}</h2>
      <ul className={styles.list}>
        {others.map((one) => (
          <li key={one.room}>
            <RoomCard room={one} now={now} />
          </li>
        ))}
      </ul>
    </section>
  );
}
