import { Play, Scissors } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { usePastList } from "../../hooks/use-past-list";
import { formatDate, formatDuration } from "../../i18n/format";
import { keptProblemText } from "../../i18n/kept-problem";
import { clipImageUrl, type Pass } from "../../live/kept/addresses";
import type { Clip, Past } from "../../live/kept/types";
import { clipPath, pastPath } from "../../live/room-name";
import { Link } from "../../router";
import { Button } from "../button";
import { Notice } from "../notice";
import styles from "./past-list.module.css";

interface PastListProps {
  room: string;
  pass: Pass;
  list: ReturnType<typeof usePastList>;
  /** The recording whose page it is. */
  except?: string;
}

/** Past broadcasts and clips of a room, each leads to its page. */
export function PastLists({ room, pass, list, except }: PastListProps) {
  const { t } = useLanguage();
  const { clips, next, isLoadingMore, problem, more } = list;
  const pasts = (list.pasts ?? []).filter(({ id }) => id !== except);
  return (
    <div className={styles.lists}>
      {pasts.length > 0 && (
        <section aria-label={t("past.pasts")}>
          <h3>{t("past.pasts")}</h3>
          <ul className={styles.rows} data-testid="pasts">
            {pasts.map((past) => (
              <li key={past.id}>
                <PastRow room={room} past={past} />
              </li>
            ))}
          </ul>
          {next !== null && (
            <Button className={styles.more ?? ""} busy={isLoadingMore} onClick={more}>
              {t("past.more")}
            </Button>
          )}
        </section>
      )}
      {clips.length > 0 && (
        <section aria-label={t("past.clips")}>
          <h3>{t("past.clips")}</h3>
          <ul className={styles.rows} data-testid="clips">
            {clips.map((clip) => (
              <li key={clip.id}>
                <ClipRow clip={clip} pass={pass} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {problem && <Notice tone="bad">{keptProblemText(t, problem)}</Notice>}
    </div>
  );
}

function PastRow({ room, past }: { room: string; past: Past }) {
  const { t } = useLanguage();
  const title = past.title ?? t("past.untitled", { room });
  return (
    <Row href={pastPath({ room, id: past.id })} title={title} at={past.began} s={past.seconds}>
      <Play size={20} aria-hidden="true" />
    </Row>
  );
}

function ClipRow({ clip, pass }: { clip: Clip; pass: Pass }) {
  const { t } = useLanguage();
  const title = clip.title ?? t("clip.of", { room: clip.room });
  const image = clipImageUrl(clip, pass);
  const [failed, setFailed] = useState(false);
  const href = clipPath(clip.id, pass === null ? null : clip.room);
  return (
    <Row href={href} title={title} at={clip.made} s={clip.seconds}>
      <Scissors size={20} aria-hidden="true" />
      {image && !failed && (
        <img src={image} alt="" loading="lazy" decoding="async" onError={() => setFailed(true)} />
      )}
    </Row>
  );
}

interface RowProps {
  href: string;
  title: string;
  at: number;
  s: number;
  /** In the place of its picture. */
  children: ReactNode;
}

function Row({ href, title, at, s, children }: RowProps) {
  const { language } = useLanguage();
  return (
    <Link href={href} className={styles.row}>
      <span className={styles.picture}>
        {children}
        <span className={styles.length}>{formatDuration(s * 1000)}</span>
      </span>
      <span className={styles.words}>
        <span className={styles.title} dir="auto">
          {title}
        </span>
        <time dateTime={new Date(at).toISOString()}>{formatDate(at, language)}</time>
      </span>
    </Link>
  );
}
