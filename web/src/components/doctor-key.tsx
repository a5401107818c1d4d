import { type FormEvent, useState } from "react";
import { useLanguage } from "../hooks/use-language";
import { Button } from "./button";
import styles from "./doctor.module.css";
import { InputField } from "./field";

/** For whoever runs the server and has no code at hand. */
export function DoctorKey({ busy, onKey }: { busy: boolean; onKey: (key: string) => void }) {
  const { t } = useLanguage();
  const [key, setKey] = useState("");
  const use = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() !== "") onKey(key.trim());
  };
  return (
    <form className={styles.key} onSubmit={use}>
      <InputField
        label={t("doctor.key")}
        type="password"
        value={key}
        autoComplete="current-password"
        data-testid="doctor-key"
        onChange={(event) => setKey(event.target.value)}
      />
      <Button kind="outline" type="submit" busy={busy}>
        {t("doctor.key.use")}
      </Button>
    </form>
  );
}
