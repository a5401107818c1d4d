import { Settings2 } from "lucide-react";
import { lazy } from "react";
import { useLanguage } from "../../hooks/use-language";
import { Popup } from "../popup";
import type { GearProps } from "./gear-panel";

const GearPanel = lazy(async () => ({ default: (await import("./gear-panel")).GearPanel }));

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
