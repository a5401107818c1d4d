import { lazy, Suspense } from "react";
import { useLanguage } from "../hooks/use-language";
import { pathText } from "../i18n/paths";
import type { DeviceReport, DoctorTicket } from "../live/protocol";
import styles from "./doctor.module.css";

const QrCode = lazy(async () => ({ default: (await import("./qr-code")).QrCode }));

interface DoctorDevicesProps {
  /** With it others may look as well. */
  ticket: DoctorTicket | null;
  devices: readonly DeviceReport[];
}

/** What other devices found, and how one more joins them. */
export function DoctorDevices({ ticket, devices }: DoctorDevicesProps) {
  const { t } = useLanguage();
  const page = ticket?.pages[0];
  return (
    <section className={styles.section} aria-labelledby="doctor-devices">
      <h2 id="doctor-devices">{t("doctor.phone")}</h2>
      {ticket && page && (
        <div className={styles.scan}>
          <Suspense fallback={null}>
            <QrCode text={`${page}#${ticket.ticket}`} label={t("doctor.phone.qrAlt")} />
          </Suspense>
          <p>{t("doctor.phone.text")}</p>
        </div>
      )}
      {devices.map((device, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: devices have no names that differ
        <Device key={index} device={device} />
      ))}
    </section>
  );
}

function Device({ device }: { device: DeviceReport }) {
  const { t, language } = useLanguage();
  return (
    <article className={styles.device} data-testid="doctor-device">
      <h3>{device.device}</h3>
      <p>{t("doctor.device.page", { origin: device.origin })}</p>
      <ul>
        {device.results.map(({ path, state }) => (
          <li key={path} data-state={state}>
            {pathText(language, `path.${path}`)}: {t(`doctor.state.${state}`)}
          </li>
        ))}
      </ul>
    </article>
  );
}
