import { type FormEvent, useState } from "react";
import { useLanOrigins } from "../../hooks/use-lan-origins";
import type { AdminRoom, RoomKey } from "../../live/admin/types";
import { hostUrl } from "../../live/admin/views";
import { whipUrl } from "../../live/obs";
import { Button } from "../button";
import { useAdmin } from "./context";
import { Confirm, ShownOnce } from "./dialogs";
import { TextField } from "./fields";
import { CopyRow, Moment, Panel, Problem } from "./parts";
import parts from "./parts.module.css";
import { useAction } from "./use-resource";

interface RoomKeysProps {
  room: AdminRoom;
  onChange: () => Promise<void>;
}

type Ask = { deed: "rotate" | "revoke"; key: RoomKey };

/** Who may go live in a room: a key for each host. */
export function RoomKeys({ room, onChange }: RoomKeysProps) {
  const { t, api } = useAdmin();
  const [made, setMade] = useState<RoomKey | null>(null);
  const [ask, setAsk] = useState<Ask | null>(null);
  const path = `/rooms/${encodeURIComponent(room.room)}/keys`;
  const go = async ({ deed, key }: Ask) => {
    const one = `${path}/${encodeURIComponent(key.id)}`;
    if (deed === "revoke") await api.delete(one);
    else setMade({ ...key, ...(await api.post<RoomKey>(`${one}/rotate`)) });
    await onChange();
  };
  return (
    <Panel title={t("keys.title")} testId="room-keys">
      <p className={parts.hint}>{t(room.keys.length === 0 ? "keys.none" : "keys.text")}</p>
      {room.keys.length > 0 && (
        <ul className={parts.rows}>
          {room.keys.map((key) => (
            <li key={key.id} data-testid="key-row">
              <div className={parts.what}>
                <span className={parts.name}>{key.name}</span>
                <KeyTimes made={key.made} lastUsed={key.lastUsed} />
              </div>
              <div className={parts.acts}>
                <Button onClick={() => setAsk({ deed: "rotate", key })}>{t("keys.rotate")}</Button>
                <Button kind="danger" onClick={() => setAsk({ deed: "revoke", key })}>
                  {t("keys.revoke")}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      )}
      <MakeForm
        id="make-key"
        go={t("keys.make")}
        placeholder={t("admin.namePlaceholder")}
        make={async (name) => {
          setMade(await api.post<RoomKey>(path, { name }));
          await onChange();
        }}
      />
      {ask && (
        <Confirm
          title={t(`keys.${ask.deed}Title`, { name: ask.key.name })}
          text={t(`keys.${ask.deed}Text`)}
          go={t(`keys.${ask.deed}`)}
          onGo={() => go(ask)}
          onClose={() => setAsk(null)}
        />
      )}
      {made?.key && (
        <NewKey room={room.room} name={made.name} secret={made.key} onClose={() => setMade(null)} />
      )}
    </Panel>
  );
}

interface NewKeyProps {
  room: string;
  name: string;
  secret: string;
  onClose: () => void;
}

/** A key that was just made, and where it is used. */
function NewKey({ room, name, secret, onClose }: NewKeyProps) {
  const { t } = useAdmin();
  const origin = useLanOrigins()[0] ?? location.origin;
  const page = hostUrl(room, origin);
  return (
    <ShownOnce title={t("keys.newTitle", { name })} onClose={onClose}>
      <CopyRow label={t("keys.key")} value={secret} testId="new-key" />
      <CopyRow label={t("keys.whip")} value={whipUrl(room, origin)} testId="new-key-whip" />
      <p className={parts.hint}>{t("keys.whipHint")}</p>
      <CopyRow label={t("keys.page")} value={page} shown={decodeURI(page)} />
      <p className={parts.hint}>{t("keys.pageHint")}</p>
    </ShownOnce>
  );
}

/** When a key was made and when it was used last. */
export function KeyTimes({
  made,
  lastUsed,
}: {
  made: number;
  lastUsed: number | null | undefined;
}) {
  const { t } = useAdmin();
  return (
    <small>
      <Filled text={t("keys.made")} at={made} />
      {lastUsed == null ? (
        <span>{t("keys.unused")}</span>
      ) : (
        <Filled text={t("keys.used")} at={lastUsed} />
      )}
    </small>
  );
}

/** A sentence with a moment in the place of its `{time}`. */
export function Filled({ text, at }: { text: string; at: number }) {
  const [before, after] = text.split("{time}");
  return (
    <span>
      {before}
      <Moment at={at} />
      {after}
    </span>
  );
}

interface MakeFormProps {
  id: string;
  go: string;
  placeholder: string;
  make: (name: string) => Promise<unknown>;
}

/** Makes something that has a name. */
export function MakeForm({ id, go, placeholder, make }: MakeFormProps) {
  const { t } = useAdmin();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return;
    if (await run(() => make(name.trim()))) setName("");
  };
  return (
    <form className={parts.form} onSubmit={(event) => void submit(event)}>
      <div className={parts.inline}>
        <TextField
          label={t("admin.name")}
          placeholder={placeholder}
          maxLength={64}
          data-testid={`${id}-name`}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button
          kind="primary"
          type="submit"
          busy={busy}
          disabled={name.trim() === ""}
          data-testid={`${id}-go`}
        >
          {go}
        </Button>
      </div>
      <Problem problem={problem} />
    </form>
  );
}
