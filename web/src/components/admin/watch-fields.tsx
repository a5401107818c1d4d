import { WATCHES, type Watch } from "../../live/admin/types";
import { useAdmin } from "./context";
import { Pick, TextField } from "./fields";

/** Characters of a room's password, at least. */
const PASSWORD_MIN = 6;

/** A room that has a password may go on with it. */
export function isPasswordShort(watch: Watch, password: string, hasPassword: boolean): boolean {
  if (watch !== "password" || (hasPassword && password === "")) return false;
  return [...password].length < PASSWORD_MIN;
}

interface WatchFieldsProps {
  watch: Watch;
  password: string;
  hasPassword: boolean;
  isTried: boolean;
  onWatch: (watch: Watch) => void;
  onPassword: (password: string) => void;
}

/** Who may watch, each with what it means; the password where there is one. */
export function WatchFields(props: WatchFieldsProps) {
  const { watch, password, hasPassword, isTried, onWatch, onPassword } = props;
  const { t } = useAdmin();
  const isShort = isPasswordShort(watch, password, hasPassword);
  const hint = hasPassword ? t("rules.passwordKeep") : t("rules.passwordNew", { n: PASSWORD_MIN });
  const passwordField = (
    <TextField
      label={t("rules.password")}
      hint={hint}
      error={isTried && isShort ? t("rules.passwordShort", { n: PASSWORD_MIN }) : null}
      secret
      autoComplete="new-password"
      data-testid="room-password"
      value={password}
      onChange={(event) => onPassword(event.target.value)}
    />
  );
  return (
    <Pick
      label={t("watch.title")}
      names={WATCHES}
      chosen={watch}
      onChoose={onWatch}
      words={(name) => ({ label: t(`watch.${name}`), text: t(`watch.${name}.text`) })}
      testId="watch"
      below={watch === "password" ? passwordField : null}
    />
  );
}
