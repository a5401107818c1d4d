import { Fragment } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Key } from "../../i18n/zh";
import { Dialog } from "../dialog";
import styles from "./help-dialog.module.css";

const SHORTCUTS: [keys: string[], meaning: Key][] = [
  [["K", "Space"], "help.play"],
  [["M"], "help.mute"],
  [["↑", "↓"], "help.volume"],
  [["F"], "help.full"],
  [["T"], "help.theatre"],
  [["P"], "help.pip"],
  [["D"], "help.danmaku"],
  [["C"], "help.chat"],
  [["S"], "help.stats"],
  [["?"], "help.help"],
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  return (
    <Dialog title={t("help.title")} onClose={onClose}>
      <dl className={styles.keys}>
        {SHORTCUTS.map(([keys, meaning]) => (
          <Fragment key={meaning}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(meaning)}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
