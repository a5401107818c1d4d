import { useLanguage } from "../../hooks/use-language";
import {
  choices,
  layerFor,
  linesOf,
  type PictureChoice,
  readChoice,
} from "../../live/picture-choice";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import styles from "./gear-menu.module.css";

interface PictureMenuProps {
  snapshot: ViewerSnapshot;
  /** Of the picture that is shown now. */
  lines: number | null;
  onChoose: (choice: PictureChoice) => void;
}

/** How good a picture the fan wants: the browser's own menu, which phones and keyboards know. */
export function PictureMenu({ snapshot, lines, onChoose }: PictureMenuProps) {
  const { t } = useLanguage();
  const { choice, room, layer } = snapshot;
  const offered = choices(room);
  const own = typeof choice === "number" ? layerFor(choice, room) : undefined;
  // Lines that this room does not have are shown as what they come to here.
  const value = own ? linesOf(own) : typeof choice === "number" ? "auto" : choice;
  const now = choice === "auto" && layer?.on !== false ? lines : null;
  const auto = now === null ? t("picture.auto") : t("picture.autoNow", { lines: now });
  const name = (of: PictureChoice) => {
    if (of === "auto") return auto;
    return of === "off" ? t("picture.off") : `${of}p`;
  };
  return (
    <label className={styles.row}>
      <span>{t("picture.label")}</span>
      <select
        className={styles.select}
        data-testid="picture-menu"
        value={value}
        onChange={({ target }) => {
          const chosen = readChoice(target.value);
          if (chosen !== null) onChoose(chosen);
        }}
      >
        {(["auto", ...offered, "off"] as const).map((one) => (
          <option key={one} value={one}>
            {name(one)}
          </option>
        ))}
      </select>
    </label>
  );
}
