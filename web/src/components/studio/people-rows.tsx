import type { ReactNode } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Key } from "../../i18n/zh";
import type { Moderation, Person } from "../../live/protocol";
import { Who } from "../chat/chat-line";
import styles from "./people-panel.module.css";

interface PersonRowProps {
  person: Person;
  note: string | null;
  actions: readonly { label: Key; does: Moderation }[];
  moderate: (moderation: Moderation) => void;
}

/** Somebody, and what may be done about it. */
export function PersonRow({ person, note, actions, moderate }: PersonRowProps) {
  const { t } = useLanguage();
  return (
    <li className={styles.row} data-testid="person">
      <span className={styles.who}>
        <Who item={person} alone />
        {note && <small className={styles.hint}>{note}</small>}
      </span>
      {actions.length > 0 && (
        <select
          className={styles.act}
          aria-label={t("people.act", { name: person.name })}
          value=""
          onChange={({ target }) => {
            const chosen = actions[Number(target.value)];
            if (chosen) moderate(chosen.does);
          }}
        >
          <option value="">{t("people.actShort")}</option>
          {actions.map(({ label }, index) => (
            <option key={label} value={index}>
              {t(label)}
            </option>
          ))}
        </select>
      )}
    </li>
  );
}

interface FoldProps {
  title: string;
  testId: string;
  open?: boolean;
  children: ReactNode;
}

/** Something that is seen when it is wanted. */
export function Fold({ title, testId, open = false, children }: FoldProps) {
  return (
    <details className={styles.fold} data-testid={testId} open={open}>
      <summary>{title}</summary>
      <div>{children}</div>
    </details>
  );
}
