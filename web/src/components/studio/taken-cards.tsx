import { useEffect, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { freeRoomLike } from "../../live/room-lookup";
import { roomPath } from "../../live/room-name";
import { Link } from "../../router";
import { Button, buttonClass } from "../button";
import { RoomTakenNotice } from "../room-taken-notice";
import { Card } from "./cards";

/** Somebody else is live in the room: watch, or go live in another one. */
export function TakenCard({ studio, room }: { studio: Studio; room: string }) {
  const { t } = useLanguage();
  const free = useFreeRoom(room);
  return (
    <>
      <Card title={t("taken.title", { room })} testId="taken">
        {free && (
          <Button kind="primary" data-testid="taken-use" onClick={() => studio.goLive(free)}>
            {t("taken.use", { room: free })}
          </Button>
        )}
        <Link href={roomPath(room)} className={buttonClass()}>
          {t("taken.watch")}
        </Link>
      </Card>
      <RoomTakenNotice room={room} />
    </>
  );
}

function useFreeRoom(room: string): string | null {
  const [free, setFree] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    // Without an answer there is nothing to propose.
    void freeRoomLike(room, abort.signal).then(setFree, () => undefined);
    return () => abort.abort();
  }, [room]);
  return free;
}

/** Another page took the broadcast over. */
export function ReplacedCard({ studio }: { studio: Studio }) {
  const { t } = useLanguage();
  const { snapshot, media } = studio;
  const back = async () => {
    if (!snapshot.stream) await media.open();
    if (media.getSnapshot().stream) studio.goLive();
  };
  return (
    <Card title={t("replaced.title")} testId="replaced">
      <Button kind="primary" data-testid="take-back" onClick={() => void back()}>
        {t("replaced.back")}
      </Button>
    </Card>
  );
}
