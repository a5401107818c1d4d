import { useLanguage } from "../hooks/use-language";
import { formatCount } from "../i18n/format";
import { Button } from "./button";
import { Dialog } from "./dialog";

interface EndDialogProps {
  viewers: number;
  /** The host is about to leave the page. */
  leaving: boolean;
  /** What ends comes from an encoder. */
  fed: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function EndDialog({ viewers, leaving, fed, onConfirm, onClose }: EndDialogProps) {
  const { t, language } = useLanguage();
  const actions = (
    <>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button kind="primary" data-testid="confirm-end" onClick={onConfirm}>
        {t("host.end")}
      </Button>
    </>
  );
  return (
    <Dialog title={t("host.end.title")} onClose={onClose} actions={actions}>
      {leaving && <p>{t("host.end.leaving")}</p>}
      <p>
        {viewers > 0
          ? t("host.end.viewers", { n: formatCount(viewers, language) })
          : t("host.end.nobody")}
      </p>
      {fed && <p>{t("feed.endText")}</p>}
    </Dialog>
  );
}
