import { Radio } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import { formatCount, formatDuration } from "../i18n/format";
import type { PublisherSnapshot } from "../live/publisher";
import { Link } from "../router";
import { Button, buttonClass } from "./button";
import styles from "./host-ended.module.css";

export function HostEnded({
  publisher,
  onAgain,
}: {
  publisher: PublisherSnapshot;
  onAgain: () => void;
}) {
  const { t, language } = useLanguage();
  return (
    <section className={styles.ended}>
      <h1>{t("host.ended.title")}</h1>
      <dl className={styles.numbers}>
        <div>
          <dt>{t("host.ended.duration")}</dt>
          <dd>{formatDuration(publisher.durationMs)}</dd>
        </div>
        <div>
          <dt>{t("host.ended.peak")}</dt>
          <dd>{formatCount(publisher.peak, language)}</dd>
        </div>
      </dl>
      <div className={styles.actions}>
        <Button
          kind="primary"
          large
          icon={<Radio size={20} />}
          data-testid="go-again"
          onClick={onAgain}
        >
          {t("host.ended.again")}
        </Button>
        <Link href="/" className={buttonClass("quiet", true)}>
          {t("notFound.home")}
        </Link>
      </div>
    </section>
  );
}
