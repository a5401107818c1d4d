import { CircleAlert, LockKeyhole, SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { useLanguage } from "../../hooks/use-language";
import { keptProblemText } from "../../i18n/kept-problem";
import { isShut, type KeptProblem } from "../../live/kept/ask";
import { roomPath } from "../../live/room-name";
import { Link } from "../../router";
import { buttonClass, Spinner } from "../button";
import styles from "./kept-message.module.css";

interface KeptMessageProps {
  /** Null while it is loaded. */
  problem: KeptProblem | null;
  /** Whose it is, where that is known. */
  room: string | null;
  gone: { title: string; text: string };
  shut: { title: string; text: string };
}

/** In the place of a clip or a past broadcast: that it comes, or why it does not. */
export function KeptMessage({ problem, room, gone, shut }: KeptMessageProps) {
  const { t } = useLanguage();
  if (problem === null) {
    return (
      <p className={styles.loading} role="status">
        <Spinner />
        {t("past.loading")}
      </p>
    );
  }
  const [icon, { title, text }] = wordsOf(problem);
  return (
    <div className={styles.message} data-testid="kept-message" data-problem={problem}>
      {icon}
      <h1>{title}</h1>
      {text && <p>{text}</p>}
      {room === null ? (
        <Link href="/" className={buttonClass("primary", true)}>
          {t("notFound.home")}
        </Link>
      ) : (
        <Link href={roomPath(room)} className={buttonClass("primary", true)}>
          {t("clip.roomOpen")}
        </Link>
      )}
    </div>
  );

  function wordsOf(why: KeptProblem): [ReactNode, { title: string; text: string }] {
    if (why === "not_found") return [<SearchX key="i" size={44} aria-hidden="true" />, gone];
    if (isShut(why)) return [<LockKeyhole key="i" size={44} aria-hidden="true" />, shut];
    const said = { title: t("watch.error"), text: keptProblemText(t, why) };
    return [<CircleAlert key="i" size={44} aria-hidden="true" />, said];
  }
}
