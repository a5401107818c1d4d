import { DoorClosed } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { StageCard } from "./stage-message";

interface DoorCardProps {
  /** What the room asks for. */
  door: "invite" | "token" | "service";
  /** What was shown is not good, or no longer. */
  refused: boolean;
}

/** In the place of the picture: the room lets in whom somebody else sends. */
export function DoorCard({ door, refused }: DoorCardProps) {
  const { t } = useLanguage();
  const text = refused ? (`door.${door}.refused` as const) : (`door.${door}.text` as const);
  return (
    <div data-testid="door-card">
      <StageCard icon={<DoorClosed size={28} />} title={t(`door.${door}`)} text={t(text)} />
    </div>
  );
}
