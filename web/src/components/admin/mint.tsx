import { type FormEvent, useState } from "react";
import type { MintRequest } from "../../live/admin/types";
import { hostUrl } from "../../live/admin/views";
import { parseRoomName, roomUrl } from "../../live/room-name";
import { Button } from "../button";
import { SelectField } from "../field";
import { useAdmin } from "./context";
import { Check, TextField } from "./fields";
import { CopyRow, Panel, Problem } from "./parts";
import parts from "./parts.module.css";
import { Filled } from "./room-keys";
import { useAction } from "./use-resource";

const GRANTS = ["subscribe", "publish", "chat", "admin"] as const;
type Grant = (typeof GRANTS)[number];
const LIVES = ["600", "3600", "86400"] as const;

interface Minted {
  token: string;
  expires: number;
}

/** What the token opens, by what it may do. */
type Links = readonly (readonly [key: "mint.watchLink" | "mint.hostLink", url: string])[];

/** One token, to try it out or to let somebody in for a while. */
export function Mint() {
  const { t, api } = useAdmin();
  const { busy, problem, run } = useAction();
  const [room, setRoom] = useState("");
  const [name, setName] = useState("");
  const [grants, setGrants] = useState<readonly Grant[]>(["subscribe", "chat"]);
  const [ttl, setTtl] = useState<(typeof LIVES)[number]>("600");
  const [isTried, setTried] = useState(false);
  const [minted, setMinted] = useState<(Minted & { links: Links }) | null>(null);
  const parsed = parseRoomName(room);
  // Whoever may do none of the other three does not get in to chat.
  const isNothing = grants.every((grant) => grant === "chat");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setMinted(null);
    if (parsed === null || isNothing) return;
    const rights = Object.fromEntries(GRANTS.map((one) => [one, grants.includes(one)]));
    const request: MintRequest = {
      room: parsed,
      ...rights,
      ...(name.trim() === "" ? {} : { name: name.trim() }),
      ttlS: Number(ttl),
    };
    await run(async () => {
      const made = await api.post<Minted>("/tokens", request);
      setMinted({ ...made, links: linksOf(request, made.token) });
    });
  };
  return (
    <Panel title={t("mint.title")} testId="mint">
      <p className={parts.hint}>{t("mint.text")}</p>
      <form className={parts.form} onSubmit={(event) => void submit(event)}>
        <div className={parts.fields}>
          <TextField
            label={t("mint.room")}
            error={isTried && parsed === null ? t("create.bad") : null}
            data-testid="mint-room"
            value={room}
            onChange={(event) => setRoom(event.target.value)}
          />
          <TextField
            label={t("mint.name")}
            maxLength={24}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <SelectField
            label={t("mint.ttl")}
            value={ttl}
            onChange={(event) => setTtl(event.target.value as (typeof LIVES)[number])}
          >
            {LIVES.map((one) => (
              <option key={one} value={one}>
                {t(`mint.ttl.${one}`)}
              </option>
            ))}
          </SelectField>
        </div>
        <fieldset className={parts.bare}>
          <legend className={parts.legend}>{t("mint.may")}</legend>
          <div className={parts.choice}>
            {GRANTS.map((grant) => (
              <Check
                key={grant}
                label={t(`mint.${grant}`)}
                checked={grants.includes(grant)}
                onChange={(checked) =>
                  setGrants(
                    checked ? [...grants, grant] : grants.filter((other) => other !== grant),
                  )
                }
              />
            ))}
          </div>
        </fieldset>
        {isTried && isNothing && (
          <p className={parts.error} role="alert">
            {t("mint.nothing")}
          </p>
        )}
        <Problem problem={problem} />
        <Button
          kind="primary"
          type="submit"
          className={parts.wide}
          busy={busy}
          data-testid="mint-go"
        >
          {t("mint.go")}
        </Button>
      </form>
      {minted && (
        <div className={parts.form} role="status">
          <CopyRow label={t("mint.token")} value={minted.token} testId="minted" />
          {minted.links.map(([key, url]) => (
            <CopyRow key={key} label={t(key)} value={url} shown={decodeURI(url)} />
          ))}
          <p className={parts.hint}>
            <Filled text={t("mint.expires")} at={minted.expires} />
          </p>
        </div>
      )}
    </Panel>
  );
}

/** The token stays in the browser that opens a link: no server's log has it. */
function linksOf({ room, subscribe, publish }: MintRequest, token: string): Links {
  return [
    ...(subscribe ? [["mint.watchLink", `${roomUrl(room)}#token=${token}`] as const] : []),
    ...(publish ? [["mint.hostLink", `${hostUrl(room)}#token=${token}`] as const] : []),
  ];
}
