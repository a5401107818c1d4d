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

export function WatchForm() {
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
    <form className={styles.watch} onSubmit={go}>
      <div className={styles.row}>
        <InputField
          label={t("home.watch.label")}
          placeholder={t("home.watch.placeholder")}
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
          {t("home.watch.go")}
        </Button>
      </div>
      {recent.length > 0 && (
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
