import { Check, Copy, Download, Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { useCopy } from "../../hooks/use-copy";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { download } from "../../live/download";
import { typedKey } from "../../live/host-key";
import { isOnlyHere } from "../../live/lan";
import { ffmpegLine, obsProfile, whipUrl } from "../../live/obs";
import { zip } from "../../live/zip";
import { Button, IconButton } from "../button";
import { KeyField } from "./key-field";
import styles from "./obs-panel.module.css";

/** How OBS, ffmpeg and others publish in the room. */
export function ObsPanel({ studio }: { studio: Studio }) {
  const { t } = useLanguage();
  const { choice, snapshot } = studio;
  const room = choice.parsed ?? "default";
  const url = whipUrl(room);
  const key = typedKey();
  const needsKey = studio.key.wanted !== null && !studio.key.isOpen;
  const save = () => {
    const files = obsProfile(room, url, key, snapshot.settings);
    download(`kaibo-${room}.zip`, zip(files), "application/zip");
  };
  return (
    <div className={styles.panel}>
      <h2>{t("obs.title")}</h2>
      <p className={styles.hint}>{t("obs.text")}</p>
      <Row label={t("obs.server")} value={url} testId="whip-url" />
      {isOnlyHere() && <p className={styles.hint}>{t("obs.localhost")}</p>}
      {needsKey ? (
        <KeyField wrong={studio.key.wanted === "wrong"} onChanged={studio.keyChanged} />
      ) : key === null ? (
        <p className={styles.hint}>{t(isOnlyHere() ? "obs.onlyHere" : "obs.noKey")}</p>
      ) : (
        <Row label={t("obs.token")} value={key} testId="whip-key" secret />
      )}
      <Button icon={<Download size={18} />} data-testid="obs-profile" onClick={save}>
        {t("obs.profile")}
      </Button>
      <p className={styles.hint}>
        {t("obs.profileHint")} {key !== null && t("obs.profileKey")}
      </p>
      <Row
        label={t("obs.ffmpeg")}
        value={ffmpegLine(url, key)}
        shown={ffmpegLine(url, key === null ? null : "••••••••")}
        testId="ffmpeg-line"
      />
      <p className={styles.hint}>
        {t("obs.need")} {t("obs.start")}
      </p>
    </div>
  );
}

interface RowProps {
  label: string;
  value: string;
  /** What stands there in the place of what is copied. */
  shown?: string;
  secret?: boolean;
  testId: string;
}

/** A value to copy; a secret one is dots until the eye is pressed. */
function Row({ label, value, shown = value, secret = false, testId }: RowProps) {
  const { t } = useLanguage();
  const { copied, copy } = useCopy();
  const [isOpen, setOpen] = useState(false);
  const isHidden = secret && !isOpen;
  return (
    <div className={styles.row}>
      <span className={styles.label}>{label}</span>
      <div className={styles.value}>
        <code data-testid={testId}>{isHidden ? "•".repeat(12) : shown}</code>
        {secret && (
          <IconButton
            label={t(isOpen ? "key.hide" : "key.show")}
            aria-pressed={isOpen}
            data-testid={`${testId}-eye`}
            onClick={() => setOpen((open) => !open)}
          >
            {isOpen ? <EyeOff size={18} /> : <Eye size={18} />}
          </IconButton>
        )}
        <IconButton label={t("obs.copy", { what: label })} onClick={() => copy(value)}>
          {copied ? <Check size={18} /> : <Copy size={18} />}
        </IconButton>
        <span className="visually-hidden" role="status">
          {copied ? t("common.copied") : ""}
        </span>
      </div>
    </div>
  );
}
