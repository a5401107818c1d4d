import { Check, Copy, Download, Share2 } from "lucide-react";
import type { ReactNode } from "react";
import { useCopy } from "../../hooks/use-copy";
import { useLanOrigins } from "../../hooks/use-lan-origins";
import { useLanguage } from "../../hooks/use-language";
import { Button, buttonClass } from "../button";
import { InputField } from "../field";
import styles from "./link-actions.module.css";

interface LinkActionsProps {
  label: string;
  title: string;
  /** The address of the page for an origin that others can open. */
  url: (origin: string) => string;
  /** Where the browser saves the file from; null: there are several, or none. */
  save: string | null;
  children?: ReactNode;
}

/** A link to copy and to send, and the file to keep. */
export function LinkActions({ label, title, url, save, children }: LinkActionsProps) {
  const { t } = useLanguage();
  const { copied, copy } = useCopy();
  const [origin = location.origin] = useLanOrigins();
  const link = url(origin);
  const share = () => void navigator.share({ title, url: link }).catch(() => undefined);
  return (
    <div className={styles.link}>
      <InputField
        label={label}
        value={decodeURI(link)}
        readOnly
        data-testid="kept-link"
        onFocus={(event) => event.currentTarget.select()}
      />
      <div className={styles.actions}>
        <Button
          kind="primary"
          icon={copied ? <Check size={18} /> : <Copy size={18} />}
          data-testid="kept-copy"
          onClick={() => copy(link)}
        >
          <span aria-live="polite">{t(copied ? "common.copied" : "share.copy")}</span>
        </Button>
        {"share" in navigator && (
          <Button icon={<Share2 size={18} />} onClick={share}>
            {t("share.system")}
          </Button>
        )}
        {save !== null && (
          <a className={buttonClass()} href={save} download data-testid="kept-save">
            <Download size={18} aria-hidden="true" />
            {t("past.save")}
          </a>
        )}
        {children}
      </div>
    </div>
  );
}
