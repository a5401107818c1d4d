import { useLanguage } from "../../hooks/use-language";
import { usePastList } from "../../hooks/use-past-list";
import type { Pass } from "../../live/kept/addresses";
import { Dialog } from "../dialog";
import styles from "./past-dialog.module.css";
import { PastLists } from "./past-list";

interface PastDialogProps {
  room: string;
  pass: Pass;
  onClose: () => void;
}

/** Past broadcasts and clips, for who watches a room that is live. */
export function PastDialog({ room, pass, onClose }: PastDialogProps) {
  const { t } = useLanguage();
  const list = usePastList(room, pass);
  const isEmpty = list.pasts?.length === 0 && list.clips.length === 0;
  const isLoading = list.pasts === null && list.problem === null;
  return (
    <Dialog title={t("past.title")} onClose={onClose}>
      <div data-testid="past-dialog">
        <p className={styles.status} role="status">
          {isLoading ? t("past.loading") : isEmpty && t("past.none")}
        </p>
        <PastLists room={room} pass={pass} list={list} />
      </div>
    </Dialog>
  );
}
