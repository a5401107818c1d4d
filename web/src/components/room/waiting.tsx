import type { useBell } from "../../hooks/use-bell";
import { useLanguage } from "../../hooks/use-language";
import type { RoomState } from "../../live/protocol";
import { BellButton } from "./bell-button";
import styles from "./waiting.module.css";

interface WaitingProps {
  room: RoomState | null;
  bell: ReturnType<typeof useBell>;
}

/** In the place of the picture before a broadcast and after it: what it is about, and a bell. */
export function Waiting({ room, bell }: WaitingProps) {
  const { t } = useLanguage();
  return (
    <div className={styles.waiting}>
      {(room?.title || room?.host) && (
        <p className={styles.about} dir="auto">
          {[room.title, room.host && t("room.hostedBy", { name: room.host.name })]
            .filter(Boolean)
            .join(" · ")}
        </p>
      )}
      <BellButton bell={bell} />
    </div>
  );
}
