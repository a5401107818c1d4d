import { type FormEvent, useState } from "react";
import type { Webhook } from "../../live/admin/types";
import { useAdmin } from "./context";
import { FormDialog } from "./dialogs";
import { Check, TextField } from "./fields";
import parts from "./parts.module.css";
import { useAction } from "./use-resource";
import { EVENT_NAMES, eventName } from "./webhooks";

interface AddWebhookProps {
  onClose: () => void;
  onMade: (hook: Webhook) => Promise<void>;
}

export function AddWebhook({ onClose, onMade }: AddWebhookProps) {
  const { t, api } = useAdmin();
  const { busy, problem, run } = useAction();
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<readonly string[]>([]);
  const [secret, setSecret] = useState("");
  const [isTried, setTried] = useState(false);
  const isUrl = /^https?:\/\/./.test(url.trim()) && URL.canParse(url.trim());
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!isUrl) return;
    await run(async () => {
      const hook = await api.post<Webhook>("/webhooks", {
        url: url.trim(),
        ...(events.length > 0 ? { events } : {}),
        ...(secret.trim() === "" ? {} : { secret: secret.trim() }),
      });
      await onMade(hook);
    });
  };
  return (
    <FormDialog
      title={t("hooks.add")}
      go={t("hooks.add")}
      formId="webhook"
      {...{ busy, problem, onClose }}
    >
      <form id="webhook" className={parts.form} onSubmit={(event) => void submit(event)}>
        <TextField
          label={t("hooks.url")}
          placeholder="https://"
          inputMode="url"
          error={isTried && !isUrl ? t("hooks.urlBad") : null}
          data-testid="webhook-url"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <fieldset className={parts.bare}>
          <legend className={parts.legend}>{t("hooks.events")}</legend>
          <div className={parts.choice}>
            {EVENT_NAMES.map((name) => (
              <Check
                key={name}
                label={eventName(t, name)}
                checked={events.includes(name)}
                onChange={(checked) =>
                  setEvents(checked ? [...events, name] : events.filter((one) => one !== name))
                }
              />
            ))}
          </div>
          <p className={parts.hint}>{t("hooks.eventsHint")}</p>
        </fieldset>
        <TextField
          label={t("hooks.secretField")}
          secret
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
        />
      </form>
    </FormDialog>
  );
}
