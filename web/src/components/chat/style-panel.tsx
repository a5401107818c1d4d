import { type CSSProperties, useId } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Chat, ChatSnapshot } from "../../live/chat";
import { CHAT_COLOR_NAMES, CHAT_COLORS, CHAT_MODES } from "../../live/chat-colors";
import styles from "./style-menu.module.css";

export function StylePanel({ chat, snapshot }: { chat: Chat; snapshot: ChatSnapshot }) {
  const { t } = useLanguage();
  const name = useId();
  const { style } = snapshot;
  return (
    <>
      <fieldset className={styles.group}>
        <legend>{t("chat.style.mode")}</legend>
        {CHAT_MODES.map((mode) => (
          <label key={mode} className={styles.mode}>
            <input
              type="radio"
              name={`${name}-mode`}
              checked={style.mode === mode}
              onChange={() => chat.setStyle({ ...style, mode })}
            />
            <span>{t(`chat.mode.${mode}`)}</span>
          </label>
        ))}
      </fieldset>
      <fieldset className={styles.group}>
        <legend>{t("chat.style.color")}</legend>
        {CHAT_COLOR_NAMES.map((color) => (
          <label key={color} className={styles.color} title={t(`chat.color.${color}`)}>
            <input
              type="radio"
              name={`${name}-color`}
              aria-label={t(`chat.color.${color}`)}
              checked={style.color === color}
              onChange={() => chat.setStyle({ ...style, color })}
            />
            <span style={{ "--swatch": CHAT_COLORS[color] } as CSSProperties} />
          </label>
        ))}
      </fieldset>
    </>
  );
}
