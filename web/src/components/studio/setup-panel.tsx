import { useLanOrigins } from "../../hooks/use-lan-origins";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { typedKey } from "../../live/host-key";
import { parseRoomName, roomNameFrom, roomUrl } from "../../live/room-name";
import { TITLE_MAX } from "../../live/room-title";
import { Button } from "../button";
import { InputField } from "../field";
import { CheckList } from "./check-list";
import { CoverField } from "./cover-field";
import { KeyField } from "./key-field";
import { SendFields } from "./send-fields";
import styles from "./setup-panel.module.css";

/** As the server allows. */
const NAME_MAX = 24;

/** What is set before going live, and what of it may change later. */
export function SetupPanel({ studio }: { studio: Studio }) {
  const { t } = useLanguage();
  const { broadcast, snapshot, media, mirror } = studio;
  const isLive = broadcast.phase === "live";
  return (
    <div className={styles.panel}>
      {!isLive && <Room studio={studio} />}
      <Key studio={studio} />
      <SendFields
        settings={snapshot.settings}
        isLive={isLive}
        mirror={snapshot.source === "camera" && snapshot.videoTrack ? mirror : null}
        onChange={(change) => media.setSettings(change)}
        onMirror={studio.setMirror}
      />
      {!isLive && (
        <section aria-labelledby="checks">
          <h2 id="checks">{t("setup.checks")}</h2>
          <CheckList studio={studio} />
        </section>
      )}
    </div>
  );
}

function Room({ studio }: { studio: Studio }) {
  const { t } = useLanguage();
  const { choice, title, broadcast } = studio;
  // By what others reach it, as far as the server tells.
  const [origin = location.origin] = useLanOrigins();
  const locked = broadcast.phase === "connecting";
  const isLong = [...title].length > TITLE_MAX;
  return (
    <>
      <InputField
        label={t("setup.title")}
        value={title}
        error={isLong ? t("setup.titleLong") : null}
        placeholder={t("setup.titleHint")}
        data-testid="setup-title"
        onChange={(event) => studio.setTitle(event.target.value)}
      />
      <CoverField studio={studio} />
      <div className={styles.address}>
        <InputField
          label={t("setup.address")}
          value={choice.room}
          disabled={locked}
          error={choice.problem && t(`setup.address.${choice.problem}`)}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          data-testid="room-input"
          onChange={(event) => choice.setRoom(event.target.value)}
        />
        {choice.parsed !== null && (
          <p className={styles.hint}>
            {t("setup.addressHint", { url: decodeURI(roomUrl(choice.parsed, origin)) })}
          </p>
        )}
        <Proposal studio={studio} />
      </div>
      <InputField
        label={t("host.nickname")}
        placeholder={t("host.nickname.placeholder")}
        value={choice.name}
        disabled={locked}
        maxLength={NAME_MAX}
        error={broadcast.problem === "bad_field" ? t("setup.nameBad") : null}
        autoComplete="nickname"
        data-testid="host-name"
        onChange={(event) => choice.setName(event.target.value)}
      />
    </>
  );
}

/** An address made of the title, where the host has not thought of one. */
function Proposal({ studio: { choice, title } }: { studio: Studio }) {
  const { t } = useLanguage();
  const proposed = parseRoomName(roomNameFrom(title));
  if (proposed === null || proposed === choice.parsed || choice.room !== "default") return null;
  return (
    <Button data-testid="use-address" onClick={() => choice.setRoom(proposed)}>
      {t("setup.addressUse", { room: proposed })}
    </Button>
  );
}

function Key({ studio }: { studio: Studio }) {
  const { wanted, isOpen } = studio.key;
  if (isOpen || (wanted === null && typedKey() === null)) return null;
  return <KeyField wrong={wanted === "wrong"} onChanged={studio.keyChanged} />;
}
