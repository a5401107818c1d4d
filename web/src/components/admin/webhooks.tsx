import { Plus, Webhook as WebhookIcon } from "lucide-react";
import { useState } from "react";
import type { AdminTranslate } from "../../i18n/admin-words";
import type { AdminKey } from "../../i18n/zh-admin";
import type { Api } from "../../live/admin/api";
import type { Webhook } from "../../live/admin/types";
import { Button } from "../button";
import { AddWebhook } from "./add-webhook";
import { useAdmin } from "./context";
import { Deliveries } from "./deliveries";
import { Confirm, ShownOnce } from "./dialogs";
import { CopyRow, Empty, Moment, More, Problem, Ready } from "./parts";
import parts from "./parts.module.css";
import rooms from "./rooms.module.css";
import { useAction, useList } from "./use-resource";

const EVERY_MS = 5_000;

const loadWebhooks = (api: Api, _: string, cursor: string | null, signal: AbortSignal) =>
  api.list<Webhook>("/webhooks", { cursor }, signal);

const EVENTS: Record<string, AdminKey> = {
  "room.live": "hooks.event.live",
  "room.interrupted": "hooks.event.interrupted",
  "room.resumed": "hooks.event.resumed",
  "room.ended": "hooks.event.ended",
  "room.viewers": "hooks.event.viewers",
  "room.finding": "hooks.event.finding",
  "recording.ready": "hooks.event.recording",
  "recording.stored": "hooks.event.stored",
  ping: "hooks.event.ping",
};

/** The events that a webhook may choose from. */
export const EVENT_NAMES = Object.keys(EVENTS).filter((name) => name !== "ping");

export function eventName(t: AdminTranslate, event: string): string {
  const key = EVENTS[event];
  return key === undefined ? event : t(key);
}

/** Who is told of what happens in rooms, and what they answered. */
export function Webhooks() {
  const { t } = useAdmin();
  const hooks = useList<Webhook>(loadWebhooks, "", EVERY_MS);
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<Webhook | null>(null);
  const add = (
    <Button
      kind="primary"
      icon={<Plus size={18} />}
      data-testid="add-webhook"
      onClick={() => setAdding(true)}
    >
      {t("hooks.add")}
    </Button>
  );
  return (
    <>
      <div className={rooms.head}>
        <h1>{t("admin.webhooks")}</h1>
        {hooks.data && hooks.data.items.length > 0 && add}
      </div>
      <Ready of={hooks}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty
              icon={<WebhookIcon size={32} aria-hidden="true" />}
              title={t("hooks.none")}
              text={t("hooks.text")}
            >
              {add}
            </Empty>
          ) : (
            <>
              {items.map((hook) => (
                <HookPanel key={hook.id} hook={hook} onChange={hooks.reload} />
              ))}
              <More next={next} more={hooks.more} />
            </>
          )
        }
      </Ready>
      {isAdding && (
        <AddWebhook
          onClose={() => setAdding(false)}
          onMade={async (hook) => {
            setAdding(false);
            setMade(hook);
            await hooks.reload();
          }}
        />
      )}
      {made?.secret && (
        <ShownOnce title={t("hooks.newTitle")} onClose={() => setMade(null)}>
          <CopyRow label={t("hooks.secret")} value={made.secret} testId="new-webhook-secret" />
        </ShownOnce>
      )}
    </>
  );
}

function HookPanel({ hook, onChange }: { hook: Webhook; onChange: () => Promise<void> }) {
  const { t, api } = useAdmin();
  const { busy, problem, run } = useAction();
  const [isAsked, setAsked] = useState(false);
  const [tests, setTests] = useState(0);
  const path = `/webhooks/${encodeURIComponent(hook.id)}`;
  const events = hook.events ?? [];
  const test = async () => {
    if (await run(() => api.post(`${path}/test`))) setTests((n) => n + 1);
    await onChange();
  };
  return (
    <section className={parts.panel} aria-label={hook.url} data-testid="webhook">
      <header>
        <h2>{hook.url}</h2>
        <div className={parts.acts}>
          <Button busy={busy} data-testid="test-webhook" onClick={() => void test()}>
            {t("hooks.test")}
          </Button>
          <Button kind="danger" onClick={() => setAsked(true)}>
            {t("admin.delete")}
          </Button>
        </div>
      </header>
      <div className={parts.acts}>
        {events.length === 0 && <span className={parts.tag}>{t("hooks.all")}</span>}
        {events.map((event) => (
          <span key={event} className={parts.tag}>
            {eventName(t, event)}
          </span>
        ))}
        {(hook.waiting ?? 0) > 0 && (
          <span className={parts.tag} data-tone="warn">
            {t("hooks.waiting", { n: hook.waiting ?? 0 })}
          </span>
        )}
      </div>
      <Last hook={hook} />
      {tests > 0 && (
        <p className={parts.good} role="status">
          {t("hooks.tested")}
        </p>
      )}
      <Problem problem={problem} />
      <details className={parts.more} data-testid="deliveries">
        <summary>{t("hooks.deliveries")}</summary>
        <Deliveries key={tests} hook={String(hook.id)} />
      </details>
      {isAsked && (
        <Confirm
          title={t("hooks.deleteTitle")}
          text={t("hooks.deleteText")}
          go={t("admin.delete")}
          onGo={async () => {
            await api.delete(path);
            await onChange();
          }}
          onClose={() => setAsked(false)}
        />
      )}
    </section>
  );
}

function Last({ hook: { last } }: { hook: Webhook }) {
  const { t } = useAdmin();
  if (!last) return <p className={parts.hint}>{t("hooks.noLast")}</p>;
  const isGood = last.code != null && last.code >= 200 && last.code < 300;
  const [before, after = ""] = t("hooks.last", { answer: "{answer}" }).split("{time}");
  const [middle, end] = after.split("{answer}");
  return (
    <p className={parts.hint} data-testid="webhook-last">
      {before}
      <Moment at={last.at} />
      {middle}
      <span className={isGood ? parts.good : parts.error}>{last.error || last.code}</span>
      {end}
    </p>
  );
}
