import { EllipsisVertical } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { LanguageButton, ThemeButton } from "../nav-buttons";
import { Popup } from "../popup";
import styles from "./more-menu.module.css";

/** What the top bar has, for a page that has none. */
export function MoreMenu() {
  const { t } = useLanguage();
  return (
    <Popup label={t("room.more")} icon={<EllipsisVertical size={20} />}>
      <div className={styles.menu}>
        <ThemeButton />
        <LanguageButton />
      </div>
    </Popup>
  );
}
