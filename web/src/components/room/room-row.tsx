import { useLanguage } from "../../hooks/use-language";
import { useNow } from "../../hooks/use-now";
import type { RoomSummary } from "../../live/protocol";
import { RoomCard } from "../room-card";
import styles from "./room-row.module.css";

/** Other rooms that are live, with their pictures. */
export function RoomRow({ rooms }: { rooms: RoomSummary[] }) {
  const { t } = useLanguage();
  const now = useNow(true);
  return (
    <section className={styles.others} aria-labelledby="other-rooms" data-testid="other-rooms">
      <h2 id="other-rooms">{t("room.others")}</h2>
      <ul className={styles.list}>
        {rooms.map((room) => (
          <li key={room.room}>
            <RoomCard room={room} now={now} />
          </li>
        ))}
      </ul>
    </section>
  );
}
