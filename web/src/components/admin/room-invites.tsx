import { type FormEvent, lazy, Suspense, useState } from "react";
import { useLanOrigins } from "../../hooks/use-lan-origins";
import { type AdminRoom, INVITE_ROLES, type Invite, type InviteRole } from "../../live/admin/types";
import { inviteUrl } from "../../live/admin/views";
import { Button } from "../button";
import { SelectField } from "../field";
import { useAdmin } from "./context";
import { Confirm, FormDialog, ShownOnce } from "./dialogs";
import { TextField, wholeOf } from "./fields";
import { CopyRow, Panel } from "./parts";
import parts from "./parts.module.css";
import { Filled } from "./room-keys";
import { useAction } from "./use-resource";

const QrCode = lazy(async () => ({ default: (await import("../qr-code")).QrCode }));

const HOURS = ["1", "24", "168", "720", "0"] as const;

interface RoomInvitesProps {
  room: AdminRoom;
  onChange: () => Promise<void>;
}

/** Links that let people watch a room, or make them moderators. */
export function RoomInvites({ room, onChange }: RoomInvitesProps) {
  const { t, api } = useAdmin();
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<Invite | null>(null);
  const [ask, setAsk] = useState<Invite | null>(null);
  const path = `/rooms/${encodeURIComponent(room.room)}/invites`;
  return (
    <Panel
      title={t("invites.title")}
      testId="room-invites"
      action={
        <Button data-testid="make-invite" onClick={() => setMaking(true)}>
          {t("invites.make")}
        </Button>
      }
    >
      <p className={parts.hint}>{t(room.invites.length === 0 ? "invites.none" : "invites.text")}</p>
      {room.invites.length > 0 && (
        <ul className={parts.rows}>
          {room.invites.map((invite) => (
            <li key={invite.id} data-testid="invite-row">
              <div className={parts.what}>
                <span className={parts.name}>
                  {invite.name}{" "}
                  <span className={parts.tag}>{t(`invites.role.${invite.role}`)}</span>
                </span>
                <Uses invite={invite} />
              </div>
              <Button kind="danger" onClick={() => setAsk(invite)}>
                {t("admin.delete")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {isMaking && (
        <MakeInvite
          path={path}
          onClose={() => setMaking(false)}
          onMade={async (invite) => {
            setMaking(false);
            setMade(invite);
            await onChange();
          }}
        />
      )}
      {made?.code && <NewInvite room={room.room} invite={made} onClose={() => setMade(null)} />}
      {ask && (
        <Confirm
          title={t("invites.deleteTitle", { name: ask.name })}
          text={t("invites.deleteText")}
          go={t("admin.delete")}
          onGo={async () => {
            await api.delete(`${path}/${encodeURIComponent(ask.id)}`);
            await onChange();
          }}
          onClose={() => setAsk(null)}
        />
      )}
    </Panel>
  );
}

function Uses({ invite: { used, uses, expires } }: { invite: Invite }) {
  const { t } = useAdmin();
  const isOver = expires != null && expires < Date.now();
  const isUsedUp = uses != null && used >= uses;
  return (
    <small>
      <span>
        {uses == null ? t("invites.used", { used }) : t("invites.usedOf", { used, uses })}
        {isUsedUp && ` · ${t("invites.usedUp")}`}
      </span>
      {isOver && <span>{t("invites.expired")}</span>}
      {expires != null && !isOver && <Filled text={t("invites.expires")} at={expires} />}
    </small>
  );
}

interface MakeInviteProps {
  path: string;
  onClose: () => void;
  onMade: (invite: Invite) => Promise<void>;
}

function MakeInvite({ path, onClose, onMade }: MakeInviteProps) {
  const { t, api } = useAdmin();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState("");
  const [role, setRole] = useState<InviteRole>("moderator");
  const [uses, setUses] = useState("1");
  const [hours, setHours] = useState<(typeof HOURS)[number]>("168");
  const count = wholeOf(uses);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "" || Number.isNaN(count)) return;
    await run(async () => {
      const invite = await api.post<Invite>(path, {
        name: name.trim(),
        role,
        ...(count === null ? {} : { uses: count }),
        ...(hours === "0" ? {} : { hours: Number(hours) }),
      });
      await onMade(invite);
    });
  };
  return (
    <FormDialog
      title={t("invites.make")}
      go={t("invites.make")}
      formId="invite"
      {...{ busy, problem, onClose }}
    >
      <form id="invite" className={parts.form} onSubmit={(event) => void submit(event)}>
        <TextField
          label={t("admin.name")}
          hint={t("admin.nameHint")}
          maxLength={64}
          required
          data-testid="invite-name"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <SelectField
          label={t("invites.role")}
          value={role}
          data-testid="invite-role"
          onChange={(event) => {
            const chosen = event.target.value as InviteRole;
            setRole(chosen);
            // One person looks after a room, many watch it.
            setUses(chosen === "moderator" ? "1" : "");
          }}
        >
          {INVITE_ROLES.map((one) => (
            <option key={one} value={one}>
              {t(`invites.role.${one}`)}
            </option>
          ))}
        </SelectField>
        <div className={parts.fields}>
          <TextField
            label={t("invites.uses")}
            hint={t("invites.usesHint")}
            error={Number.isNaN(count) ? t("rules.badNumber") : null}
            inputMode="numeric"
            data-testid="invite-uses"
            value={uses}
            onChange={(event) => setUses(event.target.value)}
          />
          <SelectField
            label={t("invites.hours")}
            value={hours}
            onChange={(event) => setHours(event.target.value as (typeof HOURS)[number])}
          >
            {HOURS.map((one) => (
              <option key={one} value={one}>
                {t(`invites.hours.${one}`)}
              </option>
            ))}
          </SelectField>
        </div>
      </form>
    </FormDialog>
  );
}

interface NewInviteProps {
  room: string;
  invite: Invite;
  onClose: () => void;
}

function NewInvite({ room, invite, onClose }: NewInviteProps) {
  const { t } = useAdmin();
  const origin = useLanOrigins()[0] ?? location.origin;
  const url = inviteUrl(room, invite.code ?? "", origin);
  return (
    <ShownOnce title={t("invites.newTitle", { name: invite.name })} onClose={onClose}>
      <CopyRow label={t("invites.link")} value={url} shown={decodeURI(url)} testId="new-invite" />
      <Suspense fallback={null}>
        <QrCode text={url} label={t("invites.qrAlt")} />
      </Suspense>
    </ShownOnce>
  );
}
