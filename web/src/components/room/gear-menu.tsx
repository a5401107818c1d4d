import { Settings2 } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { Spinner } from "../button";
import { laterWithWords } from "../later";
import { Popup } from "../popup";
import type { GearProps } from "./gear-panel";

const GearPanel = laterWithWords(async () => (await import("./gear-panel")).GearPanel, <Spinner />);

/** The gear: what is not needed all the time. */
export function GearMenu(props: GearProps) {
  const { t } = useLanguage();
  return (
    <Popup
      label={t("player.settings")}
      icon={<Settings2 size={20} />}
      look="over"
      testId="gear"
      closesOn="[data-closes]"
    >
      <GearPanel {...props} />
    </Popup>
  );
}
