import { useLanguage } from "../../hooks/use-language";
import type { Key } from "../../i18n/zh";
import type { Deed, Flagged as FlaggedLine, Moderation } from "../../live/protocol";
import { Button } from "../button";
import { Who } from "../chat/chat-line";
import styles from "./people-panel.module.css";
import { Fold } from "./people-rows";

interface FlaggedProps {
  flagged: readonly FlaggedLine[];
  moderate: (moderation: Moderation) => void;
}

/** Lines that viewers reported. */
export function Flagged({ flagged, moderate }: FlaggedProps) {
  const { t } = useLanguage();
  if (flagged.length === 0) return null;
  return (
    <Fold title={t("flagged.title", { n: flagged.length })} testId="flagged" open>
      <ul className={styles.list}>
        {flagged.map(({ item, n }) => (
          <li key={item.mid} className={styles.flagged}>
            <p>
              <Who item={item} /> <span dir="auto">{item.text}</span>
            </p>
            <p className={styles.hint}>{t("flagged.times", { n })}</p>
            <div className={styles.row}>
              <Button kind="danger" onClick={() => moderate({ action: "delete", mid: item.mid })}>
                {t("flagged.delete")}
              </Button>
              <Button onClick={() => moderate({ action: "mute", uid: item.uid, seconds: 600 })}>
                {t("people.mute")}
              </Button>
              <Button onClick={() => moderate({ action: "settle", mid: item.mid })}>
                {t("flagged.settle")}
              </Button>
            </div>
          </li>
        ))}
      </ul>
    </Fold>
  );
}

/** What hosts and moderators did last. */
export function Log({ log }: { log: readonly Deed[] }) {
  const { t, language } = useLanguage();
  const time = new Intl.DateTimeFormat(language, { timeStyle: "short" });
  return (
    <Fold title={t("log.title")} testId="log">
      {log.length === 0 && <p className={styles.hint}>{t("log.none")}</p>}
      <ul className={styles.list}>
        {log.map((deed) => (
          <li key={`${deed.ts}-${deed.action}`}>
            <span className={styles.hint}>{time.format(deed.ts)}</span>{" "}
            {t(wordsOf(deed), { by: deed.by, name: deed.name ?? "" })}
          </li>
        ))}
      </ul>
    </Fold>
  );
}

function wordsOf(deed: Deed): Key {
  if (deed.action === "mute") return deed.seconds === 0 ? "log.unmute" : "log.mute";
  if (deed.action === "promote") return deed.on ? "log.promote" : "log.demote";
  return `log.${deed.action}`;
}
