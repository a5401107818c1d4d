import { Maximize, Settings2 } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import type { DanmakuChoice } from "../../live/danmaku/settings";
import { IconButton } from "../button";
import { Popup } from "../popup";
import { DanmakuForm } from "../room/danmaku-form";
import gear from "../room/gear-menu.module.css";
import styles from "./past-tools.module.css";

interface PastToolsProps {
  danmaku: DanmakuChoice;
  /** Null where a browser fills the screen with a video alone: its own button does that. */
  onFull: (() => void) | null;
}

/** What a room has over its picture, and the browser's own controls have not. */
export function PastTools({ danmaku, onFull }: PastToolsProps) {
  const { t } = useLanguage();
  const { on } = useStore(danmaku);
  return (
    <div className={styles.tools} role="toolbar" aria-label={t("danmaku.title")}>
      <IconButton
        label={t(on ? "danmaku.off" : "danmaku.on")}
        aria-pressed={on}
        data-testid="danmaku-switch"
        onClick={() => danmaku.toggle()}
      >
        <span className={styles.danmaku} data-on={on}>
          {t("danmaku.short")}
        </span>
      </IconButton>
      <Popup label={t("past.danmaku")} icon={<Settings2 size={20} />} testId="gear">
        <div className={gear.menu}>
          <DanmakuForm choice={danmaku} />
        </div>
      </Popup>
      {onFull && (
        <IconButton label={t("player.full")} data-testid="past-full" onClick={onFull}>
          <Maximize size={20} />
        </IconButton>
      )}
    </div>
  );
}
