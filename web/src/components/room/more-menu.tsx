import { EllipsisVertical } from "lucide-react";
import type { ReactNode } from "react";
import { useLanguage } from "../../hooks/use-language";
import { LanguageButton, ThemeButton } from "../nav-buttons";
import { Popup } from "../popup";
import styles from "./more-menu.module.css";

/** What the top bar has, for a page that has none; and what there is no room for elsewhere. */
export function MoreMenu({ children }: { children?: ReactNode }) {
  const { t } = useLanguage();
  return (
    <Popup
      label={t("room.more")}
      icon={<EllipsisVertical size={20} />}
      closesOn="[aria-haspopup=dialog]"
    >
      <div className={styles.menu}>
        <ThemeButton />
        <LanguageButton />
      </div>
      {children && <div className={styles.items}>{children}</div>}
    </Popup>
  );
}
