import { HostStudio } from "../components/host-studio";
import { useHost } from "../hooks/use-host";
import { useLanguage } from "../hooks/use-language";
import { useTitle } from "../hooks/use-title";

export function HostPage() {
  const { t } = useLanguage();
  const host = useHost();
  useTitle(`${t("host.title")} · Kaibo`);
  return host && <HostStudio {...host} />;
}
