import { LockKeyhole } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { keepRoomPassword } from "../../live/room-password";
import { Button } from "../button";
import { InputField } from "../field";
import styles from "./password-card.module.css";
import { StageCard } from "./stage-message";

interface PasswordCardProps {
  room: string;
  /** The one that was given is not it. */
  wrong: boolean;
}

/** In the place of the picture: asks for the password of the room. */
export function PasswordCard({ room, wrong }: PasswordCardProps) {
  const { t } = useLanguage();
  const [password, setPassword] = useState("");
  const enter = (event: FormEvent) => {
    event.preventDefault();
    if (password === "") return;
    keepRoomPassword(room, password);
    location.reload();
  };
  return (
    <StageCard
      icon={<LockKeyhole size={28} />}
      title={t("password.title")}
      text={t("password.text")}
    >
      <form className={styles.form} data-testid="password-card" onSubmit={enter}>
        <InputField
          label={t("password.label")}
          hideLabel
          type="password"
          value={password}
          placeholder={t("password.label")}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="go"
          data-testid="password-input"
          error={wrong && password === "" ? t("password.wrong") : null}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button kind="primary" type="submit" data-testid="password-enter">
          {t("password.enter")}
        </Button>
      </form>
    </StageCard>
  );
}
