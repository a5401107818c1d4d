import { useLanguage } from "../hooks/use-language";
import { InputField } from "./field";
import styles from "./panel.module.css";

interface RoomPanelProps {
  room: string;
  name: string;
  invalid: boolean;
  /** While connecting the room cannot change any more. */
  locked: boolean;
  onRoom: (room: string) => void;
  onName: (name: string) => void;
}

/** As the server allows. */
const NAME_MAX = 24;

export function RoomPanel({ room, name, invalid, locked, onRoom, onName }: RoomPanelProps) {
  const { t } = useLanguage();
  return (
    <section className={styles.panel} aria-labelledby="room">
      <h2 id="room">{t("host.room")}</h2>
      <InputField
        label={t("host.room.name")}
        value={room}
        disabled={locked}
        error={invalid ? t("room.invalid") : null}
        autoCapitalize="none"
        autoComplete="off"
        data-testid="room-input"
        onChange={(event) => onRoom(event.target.value)}
      />
      <InputField
        label={t("host.nickname")}
        placeholder={t("host.nickname.placeholder")}
        value={name}
        disabled={locked}
        maxLength={NAME_MAX}
        autoComplete="nickname"
        onChange={(event) => onName(event.target.value)}
      />
    </section>
  );
}
