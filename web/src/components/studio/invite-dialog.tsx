import { Check, Code } from "lucide-react";
import { useCopy } from "../../hooks/use-copy";
import { useLanguage } from "../../hooks/use-language";
import { embedCode } from "../../live/room-name";
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
  const code = embedCode(room, origin);
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
