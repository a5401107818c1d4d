import { HostStudio } from "../components/host-studio";
import { TopBar } from "../components/top-bar";
import { useHost } from "../hooks/use-host";
import { useLanguage } from "../hooks/use-language";
import { useTitle } from "../hooks/use-title";
import styles from "./host.module.css";

export function HostPage() {
  const { t } = useLanguage();
  const host = useHost();
  useTitle(`${t("host.title")} · Kaibo`);
  return (
    <>
      <TopBar />
      <main id="main" className={styles.main}>
        {host && <HostStudio {...host} />}
      </main>
    </>
  );
}
