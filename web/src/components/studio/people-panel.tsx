import { useEffect, useState } from "react";
import { useDesk } from "../../hooks/use-desk";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { chatProblemText } from "../../i18n/chat-problem";
import type { Desk, Moderation, Present } from "../../live/protocol";
import { InputField } from "../field";
import { Flagged, Log } from "./desk-lists";
import styles from "./people-panel.module.css";
import { Fold, PersonRow } from "./people-rows";
import { RulesFold } from "./rules-fold";
import { StageFold } from "./stage-fold";

type Moderate = (moderation: Moderation) => void;

/** Who is in the room, who wants to come on stage, and how order is kept. */
export function PeoplePanel({ studio }: { studio: Studio }) {
  const { t } = useLanguage();
  const { publisher, broadcast } = studio;
  const { watch, snapshot } = useDesk(publisher);
  const { desk, problem } = snapshot;
  useEffect(() => {
    watch?.look(true);
    return () => watch?.look(false);
  }, [watch]);
  const moderate: Moderate = (moderation) => publisher.chat.moderate(moderation);
  return (
    <div className={styles.panel} data-testid="people">
      <p className={styles.problem} role="alert">
        {problem ? chatProblemText(t, problem) : ""}
      </p>
      {watch && broadcast.room && (
        <StageFold
          stage={broadcast.room.stage}
          queue={broadcast.queue}
          act={(action) => watch.stage(action)}
        />
      )}
      {desk ? (
        <>
          <Flagged flagged={desk.flagged} moderate={moderate} />
          <People desk={desk} moderate={moderate} />
          {watch && (
            <RulesFold
              desk={desk}
              notice={broadcast.room?.notice ?? ""}
              watch={watch}
              room={studio.choice.parsed ?? ""}
            />
          )}
          <Bans desk={desk} moderate={moderate} />
          <Log log={desk.log} />
        </>
      ) : (
        <p className={styles.hint}>{t("people.unsupported")}</p>
      )}
    </div>
  );
}

function People({ desk: { people }, moderate }: { desk: Desk; moderate: Moderate }) {
  const { t } = useLanguage();
  const [wanted, setWanted] = useState("");
  const isWanted = ({ name }: Present) => name.toLowerCase().includes(wanted.trim().toLowerCase());
  const found = people.filter(isWanted);
  return (
    <section className={styles.people}>
      {people.length > 8 && (
        <InputField
          label={t("people.search")}
          type="search"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      {found.length === 0 && (
        <p className={styles.hint}>{t(people.length ? "people.noneFound" : "people.none")}</p>
      )}
      <ul className={styles.list}>
        {found.map((person) => (
          <PersonRow
            key={person.uid}
            person={person}
            note={person.mutedUntil === undefined ? null : t("people.muted")}
            actions={actionsOf(person)}
            moderate={moderate}
          />
        ))}
      </ul>
    </section>
  );
}

const MINUTE_S = 60;

/** What the host may do about somebody; nothing about a host. */
function actionsOf({ uid, standing, mutedUntil }: Present) {
  if (standing === "host") return [];
  const isModerator = standing === "moderator";
  const mute = (seconds: number): Moderation => ({ action: "mute", uid, seconds });
  const silence = [
    { label: "people.mute", does: mute(10 * MINUTE_S) },
    { label: "people.muteHour", does: mute(60 * MINUTE_S) },
    { label: "people.muteDay", does: mute(24 * 60 * MINUTE_S) },
  ] as const;
  return [
    ...(mutedUntil === undefined ? silence : [{ label: "people.unmute", does: mute(0) } as const]),
    { label: "people.ban", does: { action: "ban", uid, address: false } },
    { label: "people.banAddress", does: { action: "ban", uid, address: true } },
    {
      label: isModerator ? "people.demote" : "people.promote",
      does: { action: "promote", uid, on: !isModerator },
    },
  ] as const;
}

function Bans({ desk: { bans }, moderate }: { desk: Desk; moderate: Moderate }) {
  const { t } = useLanguage();
  if (bans.length === 0) return null;
  return (
    <Fold title={t("people.bans", { n: bans.length })} testId="bans">
      <ul className={styles.list}>
        {bans.map(({ uid, name, address }) => (
          <PersonRow
            key={uid}
            person={{ uid, name, standing: "fan" }}
            note={address ? t("people.address") : null}
            actions={[{ label: "people.unban", does: { action: "unban", uid } }]}
            moderate={moderate}
          />
        ))}
      </ul>
    </Fold>
  );
}
