import { Unplug } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import type { NoPath } from "../../live/why-no-path";
import { NoPathText } from "../no-path-text";
import { StageCard } from "./stage-message";

/** In the place of a picture that has no way here: why, and that the page keeps trying. */
export function NoPathCard({ why, isUnfit }: { why: NoPath; isUnfit: boolean }) {
  const { t } = useLanguage();
  return (
    <StageCard icon={<Unplug size={28} />} title={t("watch.noPath")}>
      <NoPathText why={why} retrying />
      {isUnfit && <p>{t("watch.noDelayed")}</p>}
    </StageCard>
  );
}
