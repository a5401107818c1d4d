import { useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { isQualityName, QUALITY_NAMES } from "../../live/quality";
import {
  FRAME_RATES,
  type FrameRate,
  isKbps,
  KBPS,
  pictureOf,
  type SendSettings,
  sendableCodecs,
} from "../../live/send-settings";
import { InputField, SelectField } from "../field";
import { Check } from "./check";
import styles from "./setup-panel.module.css";

interface SendFieldsProps {
  settings: SendSettings;
  isLive: boolean;
  /** Null where there is nothing to mirror. */
  mirror: boolean | null;
  onChange: (change: Partial<SendSettings>) => void;
  onMirror: (mirror: boolean) => void;
}

/** How picture and sound are sent: one choice for most, all else behind a fold. */
export function SendFields({ settings, isLive, mirror, onChange, onMirror }: SendFieldsProps) {
  const { t } = useLanguage();
  const [codecs] = useState(sendableCodecs);
  return (
    <>
      <SelectField
        label={t("setup.quality")}
        value={settings.quality}
        data-testid="quality"
        onChange={({ target }) => {
          if (isQualityName(target.value)) onChange({ quality: target.value });
        }}
      >
        {QUALITY_NAMES.map((name) => (
          <option key={name} value={name}>
            {t(`host.quality.${name}`)}
          </option>
        ))}
      </SelectField>
      <details className={styles.fold} data-testid="expert">
        <summary>{t("setup.expert")}</summary>
        <div>
          <SelectField
            label={t("setup.codec")}
            value={settings.codec}
            disabled={isLive}
            data-testid="codec"
            onChange={({ target }) => onChange({ codec: target.value as SendSettings["codec"] })}
          >
            <option value="auto">{t("setup.codecAuto")}</option>
            {codecs.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
          <p className={styles.hint}>{t(isLive ? "setup.codecLive" : "setup.codecHint")}</p>
          <div className={styles.pair}>
            <SelectField
              label={t("setup.fps")}
              value={settings.fps}
              onChange={({ target }) => onChange({ fps: Number(target.value) as FrameRate })}
            >
              {FRAME_RATES.map((n) => (
                <option key={n} value={n}>
                  {t("setup.fpsValue", { n })}
                </option>
              ))}
            </SelectField>
            <BitRate settings={settings} onChange={onChange} />
          </div>
          <Check
            label={t("setup.music")}
            hint={t("setup.musicHint")}
            checked={settings.music}
            testId="music"
            onChange={(music) => onChange({ music })}
          />
          <Check
            label={t("setup.stereo")}
            hint={t("setup.stereoHint")}
            checked={settings.stereo}
            testId="stereo"
            onChange={(stereo) => onChange({ stereo })}
          />
          {mirror !== null && (
            <Check
              label={t("host.mirror")}
              hint={t("host.mirrorHint")}
              checked={mirror}
              onChange={onMirror}
            />
          )}
        </div>
      </details>
    </>
  );
}

function BitRate({ settings, onChange }: Pick<SendFieldsProps, "settings" | "onChange">) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState(settings.kbps === null ? "" : String(settings.kbps));
  const kbps = Number(typed);
  const isBad = typed !== "" && !isKbps(kbps);
  const usual = pictureOf({ ...settings, kbps: null }).maxBitrateBps / 1000;
  return (
    <InputField
      label={t("setup.kbps")}
      inputMode="numeric"
      value={typed}
      placeholder={t("setup.kbpsAuto", { n: usual })}
      error={isBad ? t("setup.kbpsBad", KBPS) : null}
      onChange={({ target }) => {
        setTyped(target.value);
        const value = Number(target.value);
        if (target.value === "") onChange({ kbps: null });
        else if (isKbps(value)) onChange({ kbps: value });
      }}
    />
  );
}
