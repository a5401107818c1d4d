import {
  ClipboardList,
  KeyRound,
  LogOut,
  Radio,
  SlidersHorizontal,
  Stethoscope,
  Tv,
  Webhook,
} from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { SECTIONS, type Section, sectionPath } from "../../live/admin/views";
import { Link } from "../../router";
import { IconButton } from "../button";
import { TopBar } from "../top-bar";
import { useAdmin } from "./context";
import styles from "./shell.module.css";

const ICONS: Record<Section, typeof Tv> = {
  rooms: Tv,
  broadcasts: Radio,
  tokens: KeyRound,
  webhooks: Webhook,
  doctor: Stethoscope,
  settings: SlidersHorizontal,
  audit: ClipboardList,
};

/** The bar, and what the operator may go to: at the side, on a phone in a row that scrolls. */
export function Shell({
  section,
  version,
  children,
}: {
  section: Section | null;
  version: string | undefined;
  children: ReactNode;
}) {
  const { t } = useAdmin();
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the row may be further to the side.
    const current = section && nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (current) nav.current?.scrollTo?.({ left: current.offsetLeft - 40 });
  }, [section]);
  return (
    <>
      <Bar isIn />
      <div className={styles.body}>
        <nav ref={nav} className={styles.nav} aria-label={t("admin.nav")}>
          <ul>
            {SECTIONS.map((name) => {
              const Icon = ICONS[name];
              return (
                <li key={name}>
                  <Link
                    href={sectionPath(name)}
                    aria-current={name === section ? "page" : undefined}
                    data-testid={`nav-${name}`}
                  >
                    <Icon size={18} />
                    {t(`admin.${name}`)}
                  </Link>
                </li>
              );
            })}
          </ul>
          {version && <p className={styles.version}>{t("admin.version", { version })}</p>}
        </nav>
        <main id="main" className={styles.main} data-testid="admin">
          {children}
        </main>
      </div>
    </>
  );
}

export function Bar({ isIn = false }: { isIn?: boolean }) {
  const { t, session } = useAdmin();
  return (
    <TopBar>
      <p className={styles.title}>{t("admin.title")}</p>
      {isIn && (
        <IconButton
          label={t("admin.logout")}
          data-testid="logout"
          onClick={() => void session.logout()}
        >
          <LogOut size={20} />
        </IconButton>
      )}
    </TopBar>
  );
}
