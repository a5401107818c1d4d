import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import { keptProblemText } from "../../i18n/kept-problem";
import { clipFileUrl, clipPageUrl, type Pass } from "../../live/kept/addresses";
import { CLIP_LENGTHS, type ClipLength, ClipMaker } from "../../live/kept/clip-maker";
import type { Clip } from "../../live/kept/types";
import { Button } from "../button";
import { Dialog } from "../dialog";
import { Notice } from "../notice";
import styles from "./clip-dialog.module.css";
import { LinkActions } from "./link-actions";

interface ClipDialogProps {
  room: string;
  pass: Pass;
  onClose: () => void;
}

/** A clip that is this much shorter than was asked for is worth a word. */
const SHORT_BY_S = 5;

/** Asks how long the clip is to be, makes it, and shows it. */
export function ClipDialog({ room, pass, onClose }: ClipDialogProps) {
  const { t } = useLanguage();
  const [maker] = useState(() => new ClipMaker(room, pass));
  useEffect(() => () => maker.close(), [maker]);
  const { making, clip, problem } = useStore(maker);
  const [asked, setAsked] = useState<ClipLength>(CLIP_LENGTHS[0]);
  const make = (seconds: ClipLength) => {
    setAsked(seconds);
    void maker.make(seconds);
  };
  return (
    <Dialog title={t(clip ? "clip.done" : "clip.title")} onClose={onClose}>
      <div className={styles.clip} data-testid="clip-dialog">
        {clip ? (
          <Made clip={clip} asked={asked} pass={pass} onAgain={() => maker.again()} />
        ) : (
          <>
            <p className={styles.text}>{t("clip.text")}</p>
            <fieldset className={styles.lengths}>
              <legend className="visually-hidden">{t("clip.title")}</legend>
              {CLIP_LENGTHS.map((seconds) => (
                <Button
                  key={seconds}
                  busy={making === seconds}
                  disabled={making !== null}
                  aria-label={t("clip.last", { s: seconds })}
                  data-testid={`clip-${seconds}`}
                  onClick={() => make(seconds)}
                >
                  {t("clip.seconds", { s: seconds })}
                </Button>
              ))}
            </fieldset>
            <p className={styles.text} role="status">
              {making !== null && t("clip.making", { s: making })}
            </p>
            {problem && (
              <Notice tone="bad" testId="clip-problem">
                {keptProblemText(t, problem)}
              </Notice>
            )}
          </>
        )}
      </div>
    </Dialog>
  );
}

interface MadeProps {
  clip: Clip;
  asked: ClipLength;
  pass: Pass;
  onAgain: () => void;
}

function Made({ clip, asked, pass, onAgain }: MadeProps) {
  const { t } = useLanguage();
  const video = useRef<HTMLVideoElement>(null);
  // The button that was pressed is gone.
  useEffect(() => video.current?.focus(), []);
  const seconds = Math.floor(clip.seconds);
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody has written any */}
      <video
        ref={video}
        className={styles.video}
        src={clipFileUrl(clip.id, { pass })}
        aria-label={t("clip.player")}
        data-testid="clip-video"
        controls
        playsInline
        preload="auto"
        tabIndex={-1}
      />
      {seconds < asked - SHORT_BY_S && (
        <p className={styles.text}>{t("clip.short", { s: seconds })}</p>
      )}
      <LinkActions
        label={t("clip.link")}
        title={clip.title ?? t("clip.of", { room: clip.room })}
        url={(origin) => clipPageUrl(clip, pass, origin)}
        save={clipFileUrl(clip.id, { pass, save: true })}
      >
        <Button kind="outline" data-testid="clip-again" onClick={onAgain}>
          {t("clip.again")}
        </Button>
      </LinkActions>
    </>
  );
}
