import { useLanguage } from "../hooks/use-language";
import { useMeter } from "../hooks/use-meter";
import type { Key } from "../i18n/zh";
import type { Device } from "../live/devices";
import type { LocalMedia, LocalMediaSnapshot } from "../live/local-media";
import { isQualityName, QUALITY_NAMES } from "../live/quality";
import { SelectField } from "./field";
import styles from "./panel.module.css";

interface DevicePanelProps {
  media: LocalMedia;
  snapshot: LocalMediaSnapshot;
  mirror: boolean;
  onMirror: (mirror: boolean) => void;
}

export function DevicePanel({ media, snapshot, mirror, onMirror }: DevicePanelProps) {
  const { t } = useLanguage();
  const { cameras, microphones, videoTrack, audioTrack, source, quality } = snapshot;
  return (
    <section className={styles.panel} aria-labelledby="devices">
      <h2 id="devices">{t("host.devices")}</h2>
      {source === "camera" && cameras.length > 0 && (
        <DeviceSelect
          label="host.camera"
          devices={cameras}
          track={videoTrack}
          onChoose={(id) => void media.choose("camera", id)}
        />
      )}
      {microphones.length > 0 && (
        <DeviceSelect
          label="host.microphone"
          devices={microphones}
          track={audioTrack}
          onChoose={(id) => void media.choose("microphone", id)}
        />
      )}
      {audioTrack && <MicrophoneMeter track={audioTrack} on={snapshot.audioOn} />}
      <SelectField
        label={t("host.quality")}
        value={quality}
        onChange={({ target }) => {
          if (isQualityName(target.value)) media.setQuality(target.value);
        }}
      >
        {QUALITY_NAMES.map((name) => (
          <option key={name} value={name}>
            {t(`host.quality.${name}`)}
          </option>
        ))}
      </SelectField>
      {source === "camera" && videoTrack && (
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={mirror}
            onChange={(event) => onMirror(event.target.checked)}
          />
          {t("host.mirror")}
          <small>{t("host.mirrorHint")}</small>
        </label>
      )}
    </section>
  );
}

interface DeviceSelectProps {
  label: Key;
  devices: Device[];
  track: MediaStreamTrack | null;
  onChoose: (id: string) => void;
}

function DeviceSelect({ label, devices, track, onChoose }: DeviceSelectProps) {
  const { t } = useLanguage();
  const used = track?.getSettings?.().deviceId ?? "";
  const isListed = devices.some(({ id }) => id === used);
  return (
    <SelectField
      label={t(label)}
      value={isListed ? used : ""}
      onChange={(event) => onChoose(event.target.value)}
    >
      {!isListed && <option value="">–</option>}
      {devices.map((device, index) => (
        <option key={device.id} value={device.id}>
          {device.label || t("host.unnamedDevice", { n: index + 1 })}
        </option>
      ))}
    </SelectField>
  );
}

function MicrophoneMeter({ track, on }: { track: MediaStreamTrack; on: boolean }) {
  const { t } = useLanguage();
  const { level, silent } = useMeter(track);
  return (
    <div>
      <meter className={styles.meter} aria-label={t("host.meter")} max={1} value={level} />
      {silent && on && <p className={styles.warning}>{t("host.silent")}</p>}
    </div>
  );
}
