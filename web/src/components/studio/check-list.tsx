import { CircleAlert, CircleCheck, CircleDashed } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useMeter } from "../../hooks/use-meter";
import { type PathVerdict, usePathTest } from "../../hooks/use-path-test";
import type { Studio } from "../../hooks/use-studio";
import { formatCount } from "../../i18n/format";
import { Link } from "../../router";
import { Button } from "../button";
import styles from "./check-list.module.css";

/** What has to be well before going live, found out as far as it can be without asking. */
export function CheckList({ studio }: { studio: Studio }) {
  const { t, language } = useLanguage();
  const { broadcast } = studio;
  const { viewers, desk } = broadcast;
  const waiting = formatCount(viewers, language);
  return (
    <ul className={styles.list} data-testid="checks">
      <Item state={window.isSecureContext ? "ok" : "warn"} name="https">
        {t(window.isSecureContext ? "check.https" : "check.httpsBad")}
      </Item>
      <Heard studio={studio} />
      <Server studio={studio} />
      <Path />
      {desk === "open" && (
        <Item state={viewers > 0 ? "ok" : "todo"} name="waiting">
          {viewers > 0 ? t("check.waiting", { n: waiting }) : t("check.nobody")}
        </Item>
      )}
    </ul>
  );
}

function Heard({ studio: { snapshot } }: { studio: Studio }) {
  const { t } = useLanguage();
  const { microphone } = snapshot;
  const { level } = useMeter(microphone);
  const [heard, setHeard] = useState<MediaStreamTrack | null>(null);
  if (microphone && level > 0 && heard !== microphone) setHeard(microphone);
  if (!microphone) {
    return (
      <Item state="todo" name="heard">
        {t("check.heardNone")}
      </Item>
    );
  }
  const isHeard = heard === microphone;
  return (
    <Item state={isHeard ? "ok" : "warn"} name="heard">
      {t(isHeard ? "check.heard" : "check.heardNot")}
    </Item>
  );
}

function Server({ studio: { broadcast, key } }: { studio: Studio }) {
  const { t } = useLanguage();
  const { desk, rttMs } = broadcast;
  if (key.wanted !== null) {
    return (
      <Item state="warn" name="server">
        {t("check.key")}
      </Item>
    );
  }
  const isOpen = desk === "open" && rttMs !== null;
  return (
    <Item state={isOpen ? "ok" : "todo"} name="server">
      {isOpen ? t("check.server", { ms: Math.round(rttMs) }) : t("check.serverNot")}
    </Item>
  );
}

const STATES: Record<PathVerdict, State> = {
  udp: "ok",
  tcp: "warn",
  none: "warn",
  unknown: "todo",
};

function Path() {
  const { t } = useLanguage();
  const { verdict, running, run } = usePathTest();
  const told = running ? t("check.pathTrying") : verdict && t(`check.path.${verdict}`);
  return (
    <Item state={verdict && !running ? STATES[verdict] : "todo"} name="path">
      {told ?? t("check.path")}
      {!running && !verdict && (
        <Button data-testid="path-test" onClick={run}>
          {t("check.pathRun")}
        </Button>
      )}
      {verdict && <Link href="/doctor">{t("check.path.more")}</Link>}
    </Item>
  );
}

type State = "ok" | "warn" | "todo";

const ICONS = { ok: CircleCheck, warn: CircleAlert, todo: CircleDashed };

function Item({ state, name, children }: { state: State; name: string; children: ReactNode }) {
  const { t } = useLanguage();
  const Icon = ICONS[state];
  return (
    <li className={styles.item} data-state={state} data-check={name}>
      <Icon size={18} aria-hidden="true" />
      <span className="visually-hidden">{t(`check.${state}`)}</span>
      <div>{children}</div>
    </li>
  );
}
