import { useEffect, useState } from "react";
import { languageStore } from "../i18n/language";
import { GuestPublisher } from "../live/guest";
import { LocalMedia } from "../live/local-media";
import type { Viewer } from "../live/viewer";

export interface GuestSide {
  media: LocalMedia;
  /** Sends once the host has let the person on. */
  publisher: GuestPublisher | null;
  /** What the camera shows. */
  stream: MediaStream | null;
}

/** Camera and microphone of a fan that wants to be on stage. `wants`: it asks or is on. `isOn`: the host has let it on. */
export function useGuest(viewer: Viewer | null, wants: boolean, isOn: boolean): GuestSide | null {
  const [media, setMedia] = useState<LocalMedia | null>(null);
  const [stream, setStream] = useState<MediaStream | null>(null);
  const [publisher, setPublisher] = useState<GuestPublisher | null>(null);
  useEffect(() => {
    if (!viewer || !wants) return;
    // What may be wrong with a camera is said in words of hosts.
    void languageStore.loadAll().catch(() => undefined);
    const made = new LocalMedia();
    setMedia(made);
    made.subscribe(() => setStream(made.getSnapshot().stream));
    void made.open();
    return () => {
      made.close();
      setMedia(null);
      setStream(null);
    };
  }, [viewer, wants]);
  useEffect(() => {
    if (!viewer || !media || !isOn) return;
    let made: GuestPublisher | null = null;
    let gone = false;
    const begin = async () => {
      await untilReady(media);
      if (gone) return;
      made = new GuestPublisher(viewer.wire, media);
      setPublisher(made);
    };
    void begin();
    return () => {
      gone = true;
      made?.close();
      setPublisher(null);
    };
  }, [viewer, media, isOn]);
  return media && { media, publisher, stream };
}

/** Until the person has allowed camera or microphone, or it is known that there is none. */
function untilReady(media: LocalMedia): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const { status, error } = media.getSnapshot();
      if (status !== "ready" && error === null) return;
      stop();
      resolve();
    };
    const stop = media.subscribe(look);
    look();
  });
}
