import { Check, Copy, QrCode as QrIcon, Share2 } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useCopy } from "../hooks/use-copy";
import { useLanOrigins } from "../hooks/use-lan-origins";
import { useLanguage } from "../hooks/use-language";
import { isOnlyHere } from "../live/lan";
import { roomUrl } from "../live/room-name";
import { Button } from "./button";
import { SelectField } from "./field";
import styles from "./panel.module.css";

const QrCode = lazy(async () => ({ default: (await import("./qr-code")).QrCode }));

interface SharePanelProps {
  room: string;
  /** It stands in a dialog, which has the title. */
  embedded?: boolean;
  /** What else there is for the chosen address. */
  children?: (origin: string) => ReactNode;
}

/** How the fans get in: a link to copy, to send, to scan. */
export function SharePanel({ room, embedded = false, children }: SharePanelProps) {
  const { t } = useLanguage();
  const { copied, copy } = useCopy();
  const [isQr, setQr] = useState(false);
  const origins = useLanOrigins();
  const [chosen, setChosen] = useState<string | null>(null);
  const origin = chosen ?? origins[0] ?? location.origin;
  const url = roomUrl(room, origin);
  const share = () => void navigator.share({ title: room, url }).catch(() => undefined);
  return (
    <section
      className={embedded ? styles.bare : styles.panel}
      {...(embedded ? {} : { "aria-labelledby": "share" })}
    >
      {!embedded && <h2 id="share">{t("host.share")}</h2>}
      <a
        className={styles.link}
        href={url}
        target="_blank"
        rel="noreferrer"
        aria-label={`${t("host.share.link")} ${url}`}
        data-testid="share-link"
      >
        {decodeURI(url)}
      </a>
      {origins.length > 1 && (
        <SelectField
          label={t("host.share.address")}
          value={origin}
          onChange={(event) => setChosen(event.target.value)}
        >
          {origins.map((one) => (
            <option key={one} value={one}>
              {new URL(one).host}
            </option>
          ))}
        </SelectField>
      )}
      <div className={styles.actions}>
        <Button
          icon={copied ? <Check size={18} /> : <Copy size={18} />}
          onClick={() => copy(url)}
          aria-live="polite"
        >
          {t(copied ? "common.copied" : "common.copy")}
        </Button>
        {"share" in navigator && (
          <Button icon={<Share2 size={18} />} onClick={share}>
            {t("host.share.system")}
          </Button>
        )}
        <Button
          icon={<QrIcon size={18} />}
          aria-expanded={isQr}
          onClick={() => setQr((shown) => !shown)}
        >
          {t("host.share.qr")}
        </Button>
      </div>
      {isQr && (
        <Suspense fallback={null}>
          <QrCode text={url} label={t("host.share.qrAlt")} />
        </Suspense>
      )}
      {isOnlyHere() && (
        <p className={styles.hint}>
          {t(origins.length > 0 ? "host.share.lan" : "host.share.localhost")}
        </p>
      )}
      {children?.(origin)}
    </section>
  );
}
