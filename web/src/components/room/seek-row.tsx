import { FastForward } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import type { Back } from "../../hooks/use-back";
import { useLanguage } from "../../hooks/use-language";
import { useNow } from "../../hooks/use-now";
import { JUMP_MS } from "../../hooks/use-player-keys";
import { formatBehind, formatDuration } from "../../i18n/format";
import type { Rewind } from "../../live/rewind";
import { IconButton } from "../button";
import styles from "./seek-row.module.css";

interface SeekRowProps {
  back: Back;
  rewind: Rewind;
}

const KEYS: Readonly<Record<string, number>> = { ArrowLeft: -JUMP_MS, ArrowRight: JUMP_MS };

/** Where in the broadcast the person is, from as far back as there is to what is live. */
export function SeekRow({ back, rewind }: SeekRowProps) {
  const { t } = useLanguage();
  useNow(true);
  /** How far behind the thumb is that the person holds, in seconds. */
  const [held, setHeld] = useState<number | null>(null);
  const window = Math.max(1, Math.floor(rewind.windowMs() / 1_000));
  const behind = held ?? Math.round(rewind.behindMs() / 1_000);
  const isBehind = back.step !== "live" || behind > 0;
  const time = formatBehind(behind * 1_000);
  const release = () => setHeld(null);
  const pressed = (event: KeyboardEvent) => {
    const by = KEYS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    rewind.jump(by);
  };
  const jumpButton = (s: number) => (
    <button
      type="button"
      className={styles.jump}
      aria-label={t(s < 0 ? "player.back" : "player.forward", { s: Math.abs(s) })}
      aria-keyshortcuts={{ [-10]: "ArrowLeft", 10: "ArrowRight" }[s]}
      data-testid={`jump${s}`}
      disabled={s > 0 && !isBehind}
      onClick={() => rewind.jump(s * 1_000)}
    >
      {s < 0 ? `−${-s}` : `+${s}`}
    </button>
  );
  return (
    <fieldset className={styles.row} data-testid="seek-row">
      <legend className="visually-hidden">{t("player.seek")}</legend>
      {jumpButton(-30)}
      {jumpButton(-10)}
      <input
        className={styles.slider}
        type="range"
        min={-window}
        max={0}
        step={1}
        value={-Math.min(behind, window)}
        style={
          { "--at": `${100 - (100 * Math.min(behind, window)) / window}%` } as React.CSSProperties
        }
        aria-label={t("player.seek")}
        aria-valuetext={
          isBehind ? t("player.behind", { time: formatDuration(behind * 1_000) }) : t("watch.live")
        }
        data-testid="seek"
        onChange={(event) => {
          const s = -Number(event.target.value);
          setHeld(s);
          rewind.seek(s * 1_000);
        }}
        onPointerUp={release}
        onPointerCancel={release}
        onKeyUp={release}
        onBlur={release}
        onKeyDown={pressed}
      />
      <span className={styles.behind} data-testid="behind">
        {isBehind && time}
      </span>
      {jumpButton(10)}
      <IconButton
        look="over"
        label={t("player.catchUp")}
        aria-pressed={back.fast}
        data-testid="catch-up"
        disabled={back.step === "live"}
        onClick={() => rewind.setFast(!back.fast)}
      >
        <FastForward size={20} fill={back.fast ? "currentcolor" : "none"} />
      </IconButton>
    </fieldset>
  );
}
