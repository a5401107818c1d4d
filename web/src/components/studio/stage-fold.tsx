import { useLanguage } from "../../hooks/use-language";
import type { Person, Stage, StageAction, StageLayout } from "../../live/protocol";
import { Button } from "../button";
import { Who } from "../chat/chat-line";
import { SelectField } from "../field";
import { Check } from "./check";
import styles from "./people-panel.module.css";
import { Fold } from "./people-rows";

interface StageFoldProps {
  stage: Stage;
  queue: readonly Person[];
  act: (action: StageAction) => void;
}

const LAYOUTS: readonly StageLayout[] = ["auto", "corner", "grid", "speaker"];

/** Who is on stage beside the host (连麦), and who wants to be. */
export function StageFold({ stage, queue, act }: StageFoldProps) {
  const { t } = useLanguage();
  const { open, guests, layout } = stage;
  return (
    <Fold title={t("stage.title")} testId="stage" open={open || queue.length + guests.length > 0}>
      <Check
        label={t("stage.open")}
        checked={open}
        testId="stage-open"
        onChange={(on) => act({ action: "set", open: on })}
      />
      {queue.length > 0 && (
        <>
          <h3>{t("stage.queue", { n: queue.length })}</h3>
          <ul className={styles.list}>
            {queue.map((person) => (
              <li key={person.uid} className={styles.row} data-testid="asking">
                <span className={styles.who}>
                  <Who item={person} alone />
                </span>
                <Button
                  kind="primary"
                  data-testid="stage-accept"
                  onClick={() => act({ action: "accept", uid: person.uid })}
                >
                  {t("stage.accept")}
                </Button>
                <Button onClick={() => act({ action: "decline", uid: person.uid })}>
                  {t("stage.decline")}
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
      {guests.length > 0 && (
        <>
          <h3>{t("stage.on", { n: guests.length })}</h3>
          <ul className={styles.list}>
            {guests.map((guest) => (
              <li key={guest.uid} className={styles.row} data-testid="guest">
                <span className={styles.who}>
                  <Who item={guest} alone />
                </span>
                <Button onClick={() => act({ action: "mute", uid: guest.uid, on: guest.audio })}>
                  {t(guest.audio ? "stage.mute" : "stage.unmute")}
                </Button>
                <Button
                  kind="danger"
                  data-testid="stage-drop"
                  onClick={() => act({ action: "drop", uid: guest.uid })}
                >
                  {t("stage.drop")}
                </Button>
              </li>
            ))}
          </ul>
          <SelectField
            label={t("stage.layout")}
            value={layout}
            onChange={({ target }) => act({ action: "set", layout: target.value as StageLayout })}
          >
            {LAYOUTS.map((name) => (
              <option key={name} value={name}>
                {t(`stage.layout.${name}`)}
              </option>
            ))}
          </SelectField>
        </>
      )}
    </Fold>
  );
}
