import { CircleAlert, CircleCheck, CircleDashed } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMeter } from "../../hooks/use-meter";
import { type PathVerdict, usePathTest } from "../../hooks/use-path-test";
import type { Studio } from "../../hooks/use-studio";
import { useStudioText } from "../../hooks/use-studio-text";
import { formatCount } from "../../i18n/format";
import { Link } from "../../router";
import { Button } from "../button";
import styles from "./check-list.module.css";

/** What has to be well before going live, found out as far as it can be without asking. */
export function CheckList({ studio }: { studio: Studio }) {
  const { s, language } = useStudioText();
  const { broadcast } = studio;
  const { viewers, desk } = broadcast;
  const waiting = formatCount(viewers, language);
  return (
    <ul className={styles.list} data-testid="checks">
      <Item state={window.isSecureContext ? "ok" : "warn"} name="https">
        {s(window.isSecureContext ? "check.https" : "check.httpsBad")}
      </Item>
      <Heard studio={studio} />
      <Server studio={studio} />
      <Path />
      {desk === "open" && (
        <Item state={viewers > 0 ? "ok" : "todo"} name="waiting">
          {viewers > 0 ? s("check.waiting", { n: waiting }) : s("check.nobody")}
        </Item>
      )}
    </ul>
  );
}

function Heard({ studio: { snapshot } }: { studio: Studio }) {
  const { s } = useStudioText();
  const { microphone } = snapshot;
  const { level } = useMeter(microphone);
  const [heard, setHeard] = useState<MediaStreamTrack | null>(null);
  if (microphone && level > 0 && heard !== microphone) setHeard(microphone);
  if (!microphone) {
    return (
      <Item state="todo" name="heard">
        {s("check.heardNone")}
      </Item>
    );
  }
  const isHeard = heard === microphone;
  return (
    <Item state={isHeard ? "ok" : "warn"} name="heard">
      {s(isHeard ? "check.heard" : "check.heardNot")}
    </Item>
  );
}

function Server({ studio: { broadcast } }: { studio: Studio }) {
  const { s } = useStudioText();
  const { desk, problem, rttMs } = broadcast;
  if (problem === "auth_required" || problem === "auth_bad") {
    return (
      <Item state="warn" name="server">
        {s("check.key")}
      </Item>
    );
  }
  const isOpen = desk === "open" && rttMs !== null;
  return (
    <Item state={isOpen ? "ok" : "todo"} name="server">
      {isOpen ? s("check.server", { ms: Math.round(rttMs) }) : s("check.serverNot")}
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
  const { s } = useStudioText();
  const { verdict, running, run } = usePathTest();
  const told = running ? s("check.pathTrying") : verdict && s(`check.path.${verdict}`);
  return (
    <Item state={verdict && !running ? STATES[verdict] : "todo"} name="path">
      {told ?? s("check.path")}
      {!running && !verdict && (
        <Button data-testid="path-test" onClick={run}>
          {s("check.pathRun")}
        </Button>
      )}
      {verdict && <Link href="/doctor">{s("check.path.more")}</Link>}
    </Item>
  );
}

type State = "ok" | "warn" | "todo";

const ICONS = { ok: CircleCheck, warn: CircleAlert, todo: CircleDashed };

function Item({ state, name, children }: { state: State; name: string; children: ReactNode }) {
  const { s } = useStudioText();
  const Icon = ICONS[state];
  return (
    <li className={styles.item} data-state={state} data-check={name}>
      <Icon size={18} aria-hidden="true" />
      <span className="visually-hidden">{s(`check.${state}`)}</span>
      <div>{children}</div>
    </li>
  );
}
