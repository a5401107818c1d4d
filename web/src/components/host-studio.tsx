import { lazy, Suspense, useEffect, useRef, useState } from "react";
import type { Host } from "../hooks/use-host";
import { useMediaQuery } from "../hooks/use-media-query";
import { useStudio } from "../hooks/use-studio";
import { later } from "./later";
import { DesktopStudio } from "./studio/desktop";
import { EndDialog, fetchOnAir } from "./studio/on-air";
import { PhoneStudio } from "./studio/phone";

const InviteDialog = lazy(async () => ({
  default: (await import("./studio/invite-dialog")).InviteDialog,
}));

const KeyDialog = later(async () => (await import("./key-dialog")).KeyDialog);

/** A phone, upright or on its side. */
const PHONE = "(max-width: 720px), (max-height: 480px) and (orientation: landscape)";

/** From the first look at the page to the end of the broadcast. */
export function HostStudio(host: Host) {
  const studio = useStudio(host);
  const isPhone = useMediaQuery(PHONE);
  const [isInviting, setInviting] = useState(false);
  const { broadcast, choice, key } = studio;
  const { phase } = broadcast;
  const isReady = studio.snapshot.stream !== null || studio.isFed;
  useFocus(studio.snapshot.stream !== null, phase);
  useEffect(() => {
    if (isReady) fetchOnAir();
  }, [isReady]);

  const parts = {
    studio: {
      ...studio,
      goLive: (room?: string) => {
        // The key is asked for here at the latest.
        if (key.wanted !== null) key.ask();
        else studio.goLive(room);
      },
    },
    onInvite: () => setInviting(true),
  };
  return (
    <>
      {isPhone ? <PhoneStudio {...parts} /> : <DesktopStudio {...parts} />}
      {isInviting && choice.parsed !== null && (
        <Suspense fallback={null}>
          <InviteDialog room={choice.parsed} onClose={() => setInviting(false)} />
        </Suspense>
      )}
      {key.isOpen && (
        <KeyDialog
          wrong={key.wanted === "wrong"}
          onSaved={() => {
            key.close();
            studio.goLive();
          }}
          onClose={() => {
            key.close();
            host.publisher.giveUp();
          }}
        />
      )}
      {studio.isEnding && (
        <EndDialog
          viewers={broadcast.viewers}
          leaving={studio.isLeaving}
          fed={phase !== "live"}
          onConfirm={studio.end}
          onClose={studio.stay}
        />
      )}
    </>
  );
}

/** Where the button that was pressed is gone, the focus goes to the one that comes next. */
function useFocus(hasMedia: boolean, phase: string): void {
  const before = useRef({ hasMedia, phase });
  useEffect(() => {
    const was = before.current;
    before.current = { hasMedia, phase };
    const isLost = document.activeElement === document.body || document.activeElement === null;
    if (!isLost) return;
    if (hasMedia && !was.hasMedia) focusOn("go-live");
    else if (phase === "live" && was.phase !== "live") focusOn("end-live");
    else if (phase === "ended" && was.phase !== "ended") focusOn("go-again");
    else if (phase !== was.phase) focusOn("go-live");
  }, [hasMedia, phase]);
}

function focusOn(id: string): void {
  document.querySelector<HTMLElement>(`[data-testid="${id}"]:not(:disabled)`)?.focus();
}
