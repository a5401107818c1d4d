import type { ReactNode } from "react";
import type { ApiProblem } from "../../live/admin/api";
import { Button } from "../button";
import { Dialog } from "../dialog";
import { Notice } from "../notice";
import { useAdmin } from "./context";
import { Problem } from "./parts";
import styles from "./parts.module.css";
import { useAction } from "./use-resource";

interface ConfirmProps {
  title: string;
  text: string;
  go: string;
  onGo: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something that ends what somebody does. */
export function Confirm({ title, text, go, onGo, onClose }: ConfirmProps) {
  const { say } = useAdmin();
  const { busy, problem, run } = useAction();
  const act = async () => {
    if (await run(onGo)) onClose();
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{say("common.cancel")}</Button>
          <Button kind="danger" busy={busy} data-testid="confirm" onClick={() => void act()}>
            {go}
          </Button>
        </>
      }
    >
      <p>{text}</p>
      <Problem problem={problem} />
    </Dialog>
  );
}

interface OnceProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A secret that nobody can read again. */
export function ShownOnce({ title, onClose, children }: OnceProps) {
  const { t } = useAdmin();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <Button kind="primary" data-testid="once-done" onClick={onClose}>
          {t("admin.done")}
        </Button>
      }
    >
      <div className={styles.secret} data-testid="shown-once">
        {children}
        <Notice>{t("admin.once")}</Notice>
      </div>
    </Dialog>
  );
}

interface FormDialogProps {
  title: string;
  go: string;
  formId: string;
  busy: boolean;
  problem: ApiProblem | null;
  onClose: () => void;
  children: ReactNode;
}

/** A form in a dialog; its button stands below it. */
export function FormDialog(props: FormDialogProps) {
  const { title, go, formId, busy, problem, onClose, children } = props;
  const { say } = useAdmin();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{say("common.cancel")}</Button>
          <Button
            kind="primary"
            type="submit"
            form={formId}
            busy={busy}
            data-testid={`${formId}-go`}
          >
            {go}
          </Button>
        </>
      }
    >
      {children}
      <Problem problem={problem} />
    </Dialog>
  );
}
