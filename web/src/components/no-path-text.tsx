import { useLanguage } from "../hooks/use-language";
import { noPathText } from "../i18n/room-paths";
import type { NoPath } from "../live/why-no-path";
import { Link } from "../router";
import { Marked } from "./marked";

/** Why there is no path to the server, that the page keeps trying, and where to find out more. */
export function NoPathText({ why, retrying }: { why: NoPath; retrying: boolean }) {
  const { t, language } = useLanguage();
  return (
    <>
      <p data-testid="no-path" data-code={why.code}>
        <Marked text={noPathText(language, why)} />
      </p>
      <p>
        {retrying && <>{t("problem.retrying")} </>}
        <Link href="/doctor">{t("doctor.link")}</Link>
      </p>
    </>
  );
}
