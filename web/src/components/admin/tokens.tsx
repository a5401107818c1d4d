import { KeyRound } from "lucide-react";
import { useState } from "react";
import type { Api } from "../../live/admin/api";
import type { TokenKey } from "../../live/admin/types";
import { Button } from "../button";
import { useAdmin } from "./context";
import { Confirm, ShownOnce } from "./dialogs";
import { Mint } from "./mint";
import { CopyRow, More, Panel, Ready } from "./parts";
import parts from "./parts.module.css";
import { KeyTimes, MakeForm } from "./room-keys";
import { useList } from "./use-resource";

const loadKeys = (api: Api, _: string, cursor: string | null, signal: AbortSignal) =>
  api.list<TokenKey>("/token-keys", { cursor }, signal);

/** The keys that a site signs its tokens with, and one token to try. */
export function Tokens() {
  const { t, api } = useAdmin();
  const keys = useList<TokenKey>(loadKeys);
  const [made, setMade] = useState<TokenKey | null>(null);
  const [ask, setAsk] = useState<TokenKey | null>(null);
  return (
    <>
      <h1>{t("admin.tokens")}</h1>
      <Ready of={keys}>
        {({ items, next }) => (
          <>
            <Panel title={t("tokens.keys")} testId="token-keys">
              <p className={parts.hint}>{t(items.length === 0 ? "tokens.none" : "tokens.text")}</p>
              {items.length > 0 && (
                <ul className={parts.rows}>
                  {items.map((key) => (
                    <li key={key.id} data-testid="token-key-row">
                      <KeyRound size={18} aria-hidden="true" />
                      <div className={parts.what}>
                        <span className={parts.name}>{key.name}</span>
                        <small>
                          <code>{key.id}</code>
                        </small>
                        <KeyTimes made={key.made} lastUsed={key.lastUsed} />
                      </div>
                      <Button kind="danger" onClick={() => setAsk(key)}>
                        {t("admin.delete")}
                      </Button>
                    </li>
                  ))}
                </ul>
              )}
              <More next={next} more={keys.more} />
              <MakeForm
                id="make-token-key"
                go={t("tokens.make")}
                placeholder={t("tokens.placeholder")}
                make={async (name) => {
                  setMade(await api.post<TokenKey>("/token-keys", { name }));
                  await keys.reload();
                }}
              />
            </Panel>
            <Mint />
          </>
        )}
      </Ready>
      {made?.secret && (
        <ShownOnce title={t("tokens.newTitle", { name: made.name })} onClose={() => setMade(null)}>
          <CopyRow label={t("tokens.id")} value={made.id} testId="new-token-key" />
          <CopyRow label={t("tokens.secret")} value={made.secret} testId="new-token-secret" />
        </ShownOnce>
      )}
      {ask && (
        <Confirm
          title={t("tokens.deleteTitle", { name: ask.name })}
          text={t("tokens.deleteText")}
          go={t("admin.delete")}
          onGo={async () => {
            await api.delete(`/token-keys/${encodeURIComponent(ask.id)}`);
            await keys.reload();
          }}
          onClose={() => setAsk(null)}
        />
      )}
    </>
  );
}
