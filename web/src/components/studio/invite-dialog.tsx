import { Check, Code } from "lucide-react";
import { useCopy } from "../../hooks/use-copy";
import { useLanguage } from "../../hooks/use-language";
import { withBase } from "../../live/base-path";
import { Button } from "../button";
import { Dialog } from "../dialog";
import { SharePanel } from "../share-panel";
import styles from "./invite-dialog.module.css";

/** How viewers get in, also from a page of somebody else. */
export function InviteDialog({ room, onClose }: { room: string; onClose: () => void }) {
  const { t } = useLanguage();
  return (
    <Dialog title={t("invite.title")} onClose={onClose}>
      <div className={styles.invite}>
        <SharePanel room={room} embedded>
          {(origin) => <Embed room={room} origin={origin} />}
        </SharePanel>
      </div>
    </Dialog>
  );
}

function Embed({ room, origin }: { room: string; origin: string }) {
  const { t } = useLanguage();
  const { copied, copy } = useCopy();
  const url = origin + withBase(`/embed/${encodeURIComponent(room)}`);
  const code = `<iframe src="${url}" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture" style="border:0"></iframe>`;
  return (
    <details className={styles.embed}>
      <summary>{t("invite.embed")}</summary>
      <code data-testid="embed-code">{code}</code>
      <Button icon={copied ? <Check size={18} /> : <Code size={18} />} onClick={() => copy(code)}>
        {copied ? t("common.copied") : t("invite.embedCopy")}
      </Button>
    </details>
  );
}
