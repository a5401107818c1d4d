import type { Studio } from "../../hooks/use-studio";
import { later } from "../later";

/** What a host sees only once it is live, or has been: it is fetched while the preview is looked at. */
export const HealthPanel = later(async () => (await import("./health-panel")).HealthPanel);
export const EndDialog = later(async () => (await import("../end-dialog")).EndDialog);
export const HostEnded = later(async () => (await import("../host-ended")).HostEnded);
/** Of a host that sends from another program. */
export const FeedCard = later(async () => (await import("./feed")).FeedCard);
export const FeedPreview = later(async () => (await import("./feed")).FeedPreview);
const Tools = later(async () => (await import("./record-tools")).RecordTools);

interface RecordToolsProps {
  studio: Studio;
  look: "round" | "over";
}

/** While something is live: has it recorded, and makes clips of it. */
export function RecordTools({ studio, look }: RecordToolsProps) {
  const isOnAir = studio.broadcast.phase === "live" || studio.isFed;
  return isOnAir && <Tools studio={studio} look={look} />;
}

export function fetchOnAir(): void {
  for (const part of [HealthPanel, EndDialog, HostEnded, Tools]) part.fetch();
}
