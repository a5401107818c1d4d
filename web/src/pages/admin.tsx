import { useEffect, useState } from "react";
import { Audit } from "../components/admin/audit";
import { BroadcastView } from "../components/admin/broadcast";
import { Broadcasts } from "../components/admin/broadcasts";
import { type Admin, AdminContext, makeAdmin, useAdmin } from "../components/admin/context";
import { Doctor } from "../components/admin/doctor";
import { ChoosePassword, Login } from "../components/admin/login";
import { Loading, Panel } from "../components/admin/parts";
import { RoomView } from "../components/admin/room";
import { Rooms } from "../components/admin/rooms";
import { Settings } from "../components/admin/settings";
import { Bar, Shell } from "../components/admin/shell";
import { Tokens } from "../components/admin/tokens";
import { Webhooks } from "../components/admin/webhooks";
import { Button, buttonClass } from "../components/button";
import { useStore } from "../hooks/use-store";
import { useTitle } from "../hooks/use-title";
import { adminWords } from "../i18n/admin-words";
import { languageStore } from "../i18n/language";
import { ADMIN, type AdminView, adminViewOf, sectionOf } from "../live/admin/views";
import { Link, usePath } from "../router";
import styles from "./admin.module.css";

/** The page, once its words are there. */
export async function loadAdmin() {
  await Promise.all([languageStore.loadAll(), adminWords.load()]);
  return AdminPage;
}

/** What the operator sees and changes; every change is a request to `/api/v1`. */
export function AdminPage() {
  const [admin] = useState<Admin>(makeAdmin);
  useEffect(() => void admin.session.start(), [admin]);
  return (
    <AdminContext value={admin}>
      <Door />
    </AdminContext>
  );
}

/** Nothing of the page before it is known who asks; a login leads where one was. */
function Door() {
  const { session } = useAdmin();
  const { phase, info, wasIn } = useStore(session);
  const view = adminViewOf(usePath());
  usePageTitle(view);
  if (phase === "in") {
    return (
      <Shell section={sectionOf(view)} version={info.version}>
        <View view={view} />
      </Shell>
    );
  }
  return (
    <>
      <Bar />
      <main id="main" className={styles.door} data-testid="admin-door" data-phase={phase}>
        {phase === "checking" && <Loading />}
        {phase === "choosing" && <ChoosePassword />}
        {phase === "login" && <Login wasIn={wasIn} />}
        {phase === "unreachable" && <Unreachable />}
      </main>
    </>
  );
}

function Unreachable() {
  const { t, say, session } = useAdmin();
  return (
    <Panel title={t("login.unreachable")}>
      <Button kind="primary" onClick={() => void session.check()}>
        {say("common.retry")}
      </Button>
    </Panel>
  );
}

function View({ view }: { view: AdminView | null }) {
  switch (view?.name) {
    case undefined:
      return <NotFound />;
    case "rooms":
      return <Rooms />;
    case "room":
      return <RoomView key={view.room} room={view.room} />;
    case "broadcasts":
      return <Broadcasts />;
    case "broadcast":
      return <BroadcastView key={view.id} id={view.id} />;
    case "tokens":
      return <Tokens />;
    case "webhooks":
      return <Webhooks />;
    case "doctor":
      return <Doctor />;
    case "settings":
      return <Settings />;
    case "audit":
      return <Audit />;
  }
}

function NotFound() {
  const { t } = useAdmin();
  return (
    <div className={styles.missing} data-testid="not-found">
      <h1>{t("admin.notFound")}</h1>
      <Link href={ADMIN} className={buttonClass("primary")}>
        {t("room.back")}
      </Link>
    </div>
  );
}

function usePageTitle(view: AdminView | null): void {
  const { t, say } = useAdmin();
  const section = sectionOf(view);
  const what = view?.name === "room" ? view.room : section && t(`admin.${section}`);
  useTitle([what, t("admin.title"), say("app.name")].filter(Boolean).join(" · "));
}
