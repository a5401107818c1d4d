import { type FormEvent, useId, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { nameProblemText } from "../../i18n/chat-problem";
import type { Chat, ChatSnapshot } from "../../live/chat";
import { NAME_MAX } from "../../live/identity";
import { Button } from "../button";
import { Dialog } from "../dialog";
import { InputField } from "../field";

interface NameDialogProps {
  chat: Chat;
  snapshot: ChatSnapshot;
}

/** Asks how the person is called: before its first message, and when it wants another name. */
export function NameDialog({ chat, snapshot }: NameDialogProps) {
  const { t } = useLanguage();
  const form = useId();
  const [name, setName] = useState(snapshot.name ?? "");
  const { nameProblem, draft } = snapshot;
  // Who has a name changes it, and what stands in the input stays there.
  const sends = snapshot.name === null && draft.trim() !== "";
  const save = (event: FormEvent) => {
    event.preventDefault();
    chat.setName(name);
  };
  return (
    <Dialog
      title={t("chat.name.title")}
      onClose={() => chat.closeName()}
      actions={
        <Button kind="primary" type="submit" form={form} data-testid="name-save">
          {t(sends ? "chat.name.saveAndSend" : "chat.name.save")}
        </Button>
      }
    >
      <form id={form} onSubmit={save}>
        <p>{t("chat.name.text")}</p>
        <InputField
          label={t("chat.name.label")}
          value={name}
          maxLength={2 * NAME_MAX}
          autoComplete="nickname"
          enterKeyHint="done"
          data-testid="name-input"
          error={nameProblem ? nameProblemText(t, nameProblem) : null}
          onChange={(event) => setName(event.target.value)}
        />
      </form>
    </Dialog>
  );
}
