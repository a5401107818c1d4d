import { type FormEvent, useState } from "react";
import { adminProblem } from "../../i18n/admin-text";
import type { ApiProblem } from "../../live/admin/api";
import { PASSWORD_MIN } from "../../live/admin/session";
import { Button } from "../button";
import { Marked } from "../marked";
import { Notice } from "../notice";
import { useAdmin } from "./context";
import { TextField } from "./fields";
import styles from "./login.module.css";

/** The first start: whoever has the server's link chooses the password. */
export function ChoosePassword() {
  const { t, session } = useAdmin();
  const [password, setPassword] = useState("");
  const [isShort, setShort] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    setShort([...password].length < PASSWORD_MIN);
    if ([...password].length < PASSWORD_MIN) return;
    setBusy(true);
    setProblem(await session.choosePassword(password));
    setBusy(false);
  };
  return (
    <form className={styles.card} data-testid="owner-form" onSubmit={(event) => void submit(event)}>
      <h1>{t("owner.title")}</h1>
      <p>{t("owner.text")}</p>
      <Owner />
      <TextField
        label={t("owner.password")}
        hint={t("owner.hint", { n: PASSWORD_MIN })}
        error={isShort ? t("owner.short", { n: PASSWORD_MIN }) : null}
        secret
        autoComplete="new-password"
        data-testid="owner-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {problem && (
        <Notice tone="bad" testId="login-problem">
          {problem.status === 401 ? <Marked text={t("owner.bad")} /> : adminProblem(t, problem)}
        </Notice>
      )}
      <Button kind="primary" large type="submit" busy={busy} data-testid="owner-go">
        {t("owner.go")}
      </Button>
      <Button onClick={() => void session.giveUpCode()}>{t("owner.have")}</Button>
    </form>
  );
}

/** With the password, or with the server's key. */
export function Login({ wasIn }: { wasIn: boolean }) {
  const { t, session } = useAdmin();
  const [by, setBy] = useState<"password" | "key">("password");
  const [secret, setSecret] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (secret === "") return;
    setBusy(true);
    const login =
      by === "key" ? session.loginByKey(secret.trim()) : session.loginByPassword(secret);
    setProblem(await login);
    setBusy(false);
  };
  const isUnset = problem?.code === "auth_required";
  const isWrong = problem?.status === 401 && !isUnset;
  return (
    <form className={styles.card} data-testid="login-form" onSubmit={(event) => void submit(event)}>
      <h1>{t("login.title")}</h1>
      {wasIn && <Notice>{t("login.ended")}</Notice>}
      <Owner />
      <TextField
        key={by}
        label={t(`login.${by}`)}
        error={isWrong ? t(`login.bad.${by}`) : null}
        secret
        autoFocus
        autoComplete={by === "password" ? "current-password" : "off"}
        data-testid="login-secret"
        value={secret}
        onChange={(event) => setSecret(event.target.value)}
      />
      {problem && !isWrong && (
        <Notice tone="bad" testId="login-problem">
          {isUnset ? <Marked text={t("login.unset")} /> : adminProblem(t, problem)}
        </Notice>
      )}
      <Button kind="primary" large type="submit" busy={busy} data-testid="login-go">
        {t("login.go")}
      </Button>
      <Button
        data-testid="login-other"
        onClick={() => {
          setBy(by === "password" ? "key" : "password");
          setSecret("");
          setProblem(null);
        }}
      >
        {t(by === "password" ? "login.useKey" : "login.usePassword")}
      </Button>
      <p className={styles.hint}>
        <Marked text={t("login.lost")} />
      </p>
    </form>
  );
}

/** A name for what keeps passwords. */
function Owner() {
  return (
    <input type="text" name="username" autoComplete="username" value="owner" readOnly hidden />
  );
}
