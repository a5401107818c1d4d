import {
  ChartNoAxesColumn,
  CircleQuestionMark,
  Expand,
  RectangleHorizontal,
  Shrink,
} from "lucide-react";
import type { ReactNode } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { PlayerActions } from "../../hooks/use-player-keys";
import type { Stage } from "../../hooks/use-stage";
import type { DanmakuChoice } from "../../live/danmaku/settings";
import { canSmooth } from "../../live/smoothness";
import type { Viewer } from "../../live/viewer";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { DanmakuForm } from "./danmaku-form";
import styles from "./gear-menu.module.css";
import { PictureMenu } from "./picture-menu";

export interface GearProps {
  actions: PlayerActions;
  stage: Stage;
  snapshot: ViewerSnapshot;
  danmaku: DanmakuChoice;
  viewer: Viewer | null;
}

/** Everything about the picture that is not needed all the time. */
export function GearPanel({ actions, stage, snapshot, danmaku, viewer }: GearProps) {
  const { t } = useLanguage();
  const { full, theatre, toggleTheatre, state } = stage;
  return (
    <div className={styles.menu}>
      <PictureMenu
        snapshot={snapshot}
        lines={state.lines}
        onChoose={(choice) => viewer?.choose(choice)}
      />
      {canSmooth() && (
        <label className={styles.row}>
          <span>{t("player.buffer")}</span>
          <select
            className={styles.select}
            value={snapshot.smooth ? "smooth" : "fast"}
            data-testid="smooth"
            onChange={(event) => viewer?.setSmooth(event.target.value === "smooth")}
          >
            <option value="fast">{t("player.fast")}</option>
            <option value="smooth">{t("player.smooth")}</option>
          </select>
        </label>
      )}
      <DanmakuForm choice={danmaku} />
      <div className={styles.actions}>
        <Item keys="S" icon={<ChartNoAxesColumn size={18} />} onClick={actions.toggleStats}>
          {t("player.stats")}
        </Item>
        {!full.isFull && (
          <>
            <Item
              keys="T"
              icon={<RectangleHorizontal size={18} />}
              pressed={theatre}
              onClick={toggleTheatre}
            >
              {t("player.theatre")}
            </Item>
            <Item
              icon={full.isWeb ? <Shrink size={18} /> : <Expand size={18} />}
              onClick={full.toggleWeb}
            >
              {t(full.isWeb ? "player.webExit" : "player.web")}
            </Item>
          </>
        )}
        <Item keys="?" icon={<CircleQuestionMark size={18} />} onClick={actions.toggleHelp}>
          {t("player.help")}
        </Item>
      </div>
    </div>
  );
}

interface ItemProps {
  icon: ReactNode;
  keys?: string;
  pressed?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Item({ icon, keys, pressed, onClick, children }: ItemProps) {
  return (
    <button
      type="button"
      className={styles.item}
      aria-keyshortcuts={keys}
      aria-pressed={pressed}
      data-closes
      onClick={onClick}
    >
      {icon}
      <span>{children}</span>
      {keys && <kbd>{keys}</kbd>}
    </button>
  );
}
