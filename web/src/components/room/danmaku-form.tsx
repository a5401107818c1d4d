import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import {
  AREAS,
  type DanmakuChoice,
  type DanmakuSettings,
  DENSITIES,
  SIZES,
} from "../../live/danmaku/settings";
import styles from "./gear-menu.module.css";

/** How messages fly over the picture. */
export function DanmakuForm({ choice }: { choice: DanmakuChoice }) {
  const { t } = useLanguage();
  const settings = useStore(choice);
  const choose = (patch: Partial<DanmakuSettings>) => choice.choose(patch);
  return (
    <>
      <label className={styles.row}>
        <span>{t("danmaku.title")}</span>
        <input
          className={styles.check}
          type="checkbox"
          checked={settings.on}
          onChange={(event) => choose({ on: event.target.checked })}
        />
      </label>
      {settings.on && (
        <>
          <label className={styles.row}>
            <span>{t("danmaku.area")}</span>
            <select
              className={styles.select}
              value={settings.area}
              onChange={({ target }) => choose({ area: AREAS[target.selectedIndex] ?? "half" })}
            >
              {AREAS.map((area) => (
                <option key={area} value={area}>
                  {t(`danmaku.area.${area}`)}
                </option>
              ))}
            </select>
          </label>
          <label className={styles.row}>
            <span>{t("danmaku.density")}</span>
            <select
              className={styles.select}
              value={settings.density}
              onChange={({ target }) =>
                choose({ density: DENSITIES[target.selectedIndex] ?? "normal" })
              }
            >
              {DENSITIES.map((density) => (
                <option key={density} value={density}>
                  {t(`danmaku.density.${density}`)}
                </option>
              ))}
            </select>
          </label>
          <label className={styles.row}>
            <span>{t("danmaku.size")}</span>
            <select
              className={styles.select}
              value={settings.size}
              onChange={({ target }) => choose({ size: SIZES[target.selectedIndex] ?? "medium" })}
            >
              {SIZES.map((size) => (
                <option key={size} value={size}>
                  {t(`danmaku.size.${size}`)}
                </option>
              ))}
            </select>
          </label>
          <label className={styles.row}>
            <span>{t("danmaku.opacity")}</span>
            <input
              className={styles.slider}
              type="range"
              min={0.2}
              max={1}
              step={0.1}
              value={settings.opacity}
              onChange={(event) => choose({ opacity: Number(event.target.value) })}
            />
          </label>
        </>
      )}
    </>
  );
}
