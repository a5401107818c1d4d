import { ChevronLeft, Download } from "lucide-react";
import { KeptMessage } from "../components/kept/kept-message";
import { LinkActions } from "../components/kept/link-actions";
import { useBesideName } from "../components/kept/past-beside";
import { PastLists } from "../components/kept/past-list";
import { PastPlayer } from "../components/kept/past-player";
import { DoorCard } from "../components/room/door-card";
import { TopBar } from "../components/top-bar";
import { useLanguage } from "../hooks/use-language";
import { useOpened } from "../hooks/use-opened";
import { usePastList } from "../hooks/use-past-list";
import { useTitle } from "../hooks/use-title";
import { formatBytes, formatDate, formatDuration } from "../i18n/format";
import { withBase } from "../live/base-path";
import { type Pass, pastChatUrl, pastFileUrl, pastUrl } from "../live/kept/addresses";
import { askFor, isShut } from "../live/kept/ask";
import { PastChat } from "../live/kept/past-chat";
import type { Past, PastLine } from "../live/kept/types";
import { type PastName, pastPath, roomPath } from "../live/room-name";
import { Link } from "../router";
import styles from "./kept.module.css";

interface Opened {
  past: Past;
  chat: PastChat;
}

/** A chat that is not there by then comes after the picture. */
const CHAT_WITHIN_MS = 1_500;

async function load(
  id: string,
  room: string | null,
  pass: Pass,
  signal: AbortSignal,
): Promise<Opened> {
  const name = { room: room ?? "", id };
  const past = await askFor<Past>(pastUrl(name, { pass }), { signal });
  const chat = new PastChat(askFor<PastLine[]>(pastChatUrl(name, { pass }), { signal }));
  // The page has its place beside the picture from the first moment on.
  await Promise.race([chat.loaded, new Promise((done) => setTimeout(done, CHAT_WITHIN_MS))]);
  return { past, chat };
}

/** A past broadcast of a room. */
export function PastPage({ room, id }: PastName) {
  const { t } = useLanguage();
  const { value, pass, problem, asks } = useOpened<Opened>(id, room, load);
  const past = value?.past;
  const title = past ? (past.title ?? t("past.untitled", { room })) : t("past.player");
  useTitle(`${title} · ${t("app.name")}`);
  const isDoor = asks !== null && isShut(problem);
  return (
    <>
      <TopBar />
      <main id="main" className={styles.main}>
        <Link href={roomPath(room)} className={styles.back} data-testid="past-back">
          <ChevronLeft size={18} aria-hidden="true" />
          {t("past.back")}
        </Link>
        {value && <Shown {...value} room={room} pass={pass} title={title} />}
        {!past && isDoor && (
          <div className={styles.stage}>
            <DoorCard room={room} asks={asks} refused={problem === "auth_bad"} />
          </div>
        )}
        {!past && !isDoor && (
          <KeptMessage
            problem={problem}
            room={room}
            gone={{ title: t("past.gone"), text: t("past.goneText") }}
            shut={{ title: t("door.service"), text: t("clip.privateText") }}
          />
        )}
      </main>
    </>
  );
}

interface ShownProps extends Opened {
  room: string;
  pass: Pass;
  title: string;
}

function Shown({ room, past, chat, pass, title }: ShownProps) {
  const { t, language } = useLanguage();
  const { id, files, beside = [] } = past;
  const nameOf = useBesideName();
  const save = (name: string) => pastFileUrl({ room, id }, name, { pass, save: true });
  const [first] = files;
  return (
    <>
      <PastPlayer key={id} room={room} past={past} pass={pass} chat={chat}>
        <h1 dir="auto">{title}</h1>
        <p className={styles.facts}>
          <time dateTime={new Date(past.began).toISOString()}>
            {formatDate(past.began, language)}
          </time>
          <span>{formatDuration(past.seconds * 1000)}</span>
          {past.title && <span>{room}</span>}
        </p>
      </PastPlayer>
      <div className={styles.columns}>
        <div className={styles.panel}>
          <LinkActions
            label={t("past.link")}
            title={title}
            url={(origin) => origin + withBase(pastPath({ room, id }))}
            save={files.length === 1 && first ? save(first.name) : null}
          />
        </div>
        {files.length + beside.length > 1 && (
          <section className={styles.panel} aria-labelledby="past-files">
            <h2 id="past-files">{t("past.files")}</h2>
            <ul className={styles.files}>
              {files.map(({ name, bytes }, n) => (
                <li key={name}>
                  <a href={save(name)} download data-testid="past-save">
                    <Download size={18} aria-hidden="true" />
                    {t("past.savePart", { n: n + 1, size: formatBytes(bytes) })}
                  </a>
                </li>
              ))}
              {beside.map((file) => (
                <li key={file.name}>
                  <a href={save(file.name)} download data-testid="past-save-beside">
                    <Download size={18} aria-hidden="true" />
                    {t("past.saveBeside", { what: nameOf(file), size: formatBytes(file.bytes) })}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
      <Others room={room} pass={pass} id={id} />
    </>
  );
}

function Others({ room, pass, id }: { room: string; pass: Pass; id: string }) {
  const { t } = useLanguage();
  const list = usePastList(room, pass);
  const isAlone = (list.pasts ?? []).every((one) => one.id === id) && list.clips.length === 0;
  if (isAlone) return null;
  return (
    <section className={styles.others} aria-labelledby="past-others">
      <h2 id="past-others">{t("past.others")}</h2>
      <PastLists room={room} pass={pass} list={list} except={id} />
    </section>
  );
}
