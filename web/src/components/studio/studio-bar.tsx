import { UserPlus } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { Button } from "../button";
import { TopBar } from "../top-bar";
import { HealthPanel, RecordTools } from "./on-air";
import { Status } from "./status";
import styles from "./studio-bar.module.css";
import { TitleEdit } from "./title-edit";

/** On top of the studio: what is live, for how long, who watches, how it goes. */
export function StudioBar({ studio, onInvite }: { studio: Studio; onInvite: () => void }) {
  const { t } = useLanguage();
  const { broadcast, choice, snapshot } = studio;
  return (
    <TopBar>
      <div className={styles.what}>
        <TitleEdit title={studio.title} onSave={studio.setTitle} />
        {choice.parsed !== null && <span className={styles.room}>{choice.parsed}</span>}
      </div>
      <Status broadcast={broadcast} isFed={studio.isFed} />
      {broadcast.phase === "live" && <HealthPanel broadcast={broadcast} />}
      {/* Else it is beside the button that ends the broadcast. */}
      {!snapshot.stream && <RecordTools studio={studio} look="round" />}
      {choice.parsed !== null && (
        <Button icon={<UserPlus size={18} />} data-testid="invite" onClick={onInvite}>
          {t("bar.invite")}
        </Button>
      )}
    </TopBar>
  );
}
