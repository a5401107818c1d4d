import { Radio } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { Button } from "../button";

/** Goes live, or ends. */
export function GoButton({ studio }: { studio: Studio }) {
  const { t } = useLanguage();
  const { snapshot, broadcast, choice } = studio;
  if (broadcast.phase === "live") {
    return (
      <Button kind="danger" large data-testid="end-live" onClick={studio.askEnd}>
        {t("host.end")}
      </Button>
    );
  }
  const isConnecting = broadcast.phase === "connecting";
  const { audioTrack, videoTrack } = snapshot;
  return (
    <Button
      kind="primary"
      large
      busy={isConnecting}
      disabled={(!audioTrack && !videoTrack) || choice.parsed === null}
      icon={<Radio size={20} />}
      data-testid="go-live"
      onClick={() => studio.goLive()}
    >
      {t(isConnecting ? "host.connecting" : "host.go")}
    </Button>
  );
}
