import { DoorClosed } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { PasswordCard } from "./password-card";
import { StageCard } from "./stage-message";

interface DoorCardProps {
  room: string;
  /** What the room asks for, as the server says it. */
  asks: string;
  /** What was shown is not good, or no longer. */
  refused: boolean;
}

/** In the place of the picture: the room lets in who has something, or whom somebody else sends. */
export function DoorCard({ room, asks, refused }: DoorCardProps) {
  const { t } = useLanguage();
  if (asks === "password") return <PasswordCard room={room} wrong={refused} />;
  const door = asks === "invite" || asks === "token" ? asks : "service";
  const text = refused ? (`door.${door}.refused` as const) : (`door.${door}.text` as const);
  return (
    <div data-testid="door-card">
      <StageCard icon={<DoorClosed size={28} />} title={t(`door.${door}`)} text={t(text)} />
    </div>
  );
}
