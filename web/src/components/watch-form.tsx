import { ArrowRight } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useLanguage } from "../hooks/use-language";
import { parseRoomName, roomPath } from "../live/room-name";
import { recentRooms } from "../live/rooms";
import { navigate } from "../navigation";
import { Link } from "../router";
import { Button } from "./button";
import { InputField } from "./field";
import styles from "./home.module.css";

/** `compact`: in a bar, without the rooms that were watched last. */
export function WatchForm({ compact = false }: { compact?: boolean }) {
  const { t } = useLanguage();
  const [text, setText] = useState("");
  const [invalid, setInvalid] = useState(false);
  const [recent] = useState(recentRooms);
  const go = (event: FormEvent) => {
    event.preventDefault();
    const room = parseRoomName(text || "default");
    if (room === null) setInvalid(true);
    else navigate(roomPath(room));
  };
  return (
    <form className={compact ? styles.find : styles.watch} onSubmit={go}>
      <div className={styles.row}>
        <InputField
          label={t("home.watch.label")}
          hideLabel={compact}
          placeholder={t(compact ? "home.watch.label" : "home.watch.placeholder")}
          value={text}
          error={invalid ? t("room.invalid") : null}
          autoCapitalize="none"
          autoComplete="off"
          enterKeyHint="go"
          data-testid="room-input"
          onChange={(event) => {
            setText(event.target.value);
            setInvalid(false);
          }}
        />
        <Button kind="quiet" type="submit" icon={<ArrowRight size={18} />}>
          <span className={compact ? "visually-hidden" : undefined}>{t("home.watch.go")}</span>
        </Button>
      </div>
      {!compact && recent.length > 0 && (
        <p className={styles.recent}>
          <span>{t("home.watch.recent")}</span>
          {recent.map((room) => (
            <Link key={room} href={roomPath(room)} className={styles.chip}>
              {room}
            </Link>
          ))}
        </p>
      )}
    </form>
  );
}
