import { Fragment } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Key } from "../../i18n/zh";
import { Dialog } from "../dialog";
import styles from "./help-dialog.module.css";

type Shortcut = [keys: string[], meaning: Key];

const REWIND: Shortcut[] = [
  [["←", "→"], "help.jump"],
  [["L", "End"], "help.live"],
];
const SHORTCUTS: Shortcut[] = [
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

interface HelpDialogProps {
  canRewind: boolean;
  onClose: () => void;
}

export function HelpDialog({ canRewind, onClose }: HelpDialogProps) {
  const { t } = useLanguage();
  const [play, ...others] = SHORTCUTS;
  const shortcuts = canRewind && play ? [play, ...REWIND, ...others] : SHORTCUTS;
  return (
    <Dialog title={t("help.title")} onClose={onClose}>
      <dl className={styles.keys}>
        {shortcuts.map(([keys, meaning]) => (
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
