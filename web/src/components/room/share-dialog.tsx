import { Check, Code, Copy, Share2 } from "lucide-react";
import { useState } from "react";
import { useCopy } from "../../hooks/use-copy";
import { useLanOrigins } from "../../hooks/use-lan-origins";
import { useLanguage } from "../../hooks/use-language";
import { embedCode, roomUrl } from "../../live/room-name";
import { Button } from "../button";
import { Dialog } from "../dialog";
import { InputField, SelectField } from "../field";
import { QrCode } from "../qr-code";
import styles from "./share-dialog.module.css";

interface ShareDialogProps {
  room: string;
  title: string;
  onClose: () => void;
}

/** How others get in: a link, a code to scan, and what puts the room into another page. */
export function ShareDialog({ room, title, onClose }: ShareDialogProps) {
  const { t } = useLanguage();
  const link = useCopy();
  const code = useCopy();
  const origins = useLanOrigins();
  const [chosen, setChosen] = useState<string | null>(null);
  const origin = chosen ?? origins[0] ?? location.origin;
  const url = roomUrl(room, origin);
  const embed = embedCode(room, origin);
  const share = () => void navigator.share({ title, url }).catch(() => undefined);
  const mark = (copied: boolean) => (copied ? <Check size={18} /> : <Copy size={18} />);
  return (
    <Dialog title={t("watch.share")} onClose={onClose}>
      <div className={styles.share}>
        <QrCode text={url} label={t("share.qrAlt")} />
        {origins.length > 1 && (
          <SelectField
            label={t("share.address")}
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
        <InputField label={t("share.link")} value={decodeURI(url)} readOnly onFocus={selectAll} />
        <div className={styles.actions}>
          <Button kind="primary" icon={mark(link.copied)} onClick={() => link.copy(url)}>
            <span aria-live="polite">{t(link.copied ? "common.copied" : "share.copy")}</span>
          </Button>
          {"share" in navigator && (
            <Button icon={<Share2 size={18} />} onClick={share}>
              {t("share.system")}
            </Button>
          )}
        </div>
        <InputField
          label={t("share.embed")}
          value={embed}
          readOnly
          data-testid="embed-code"
          onFocus={selectAll}
        />
        <div className={styles.actions}>
          <Button
            icon={code.copied ? <Check size={18} /> : <Code size={18} />}
            onClick={() => code.copy(embed)}
          >
            <span aria-live="polite">{t(code.copied ? "common.copied" : "share.copyCode")}</span>
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function selectAll(event: React.FocusEvent<HTMLInputElement>): void {
  event.currentTarget.select();
}
