import { CircleCheck, CircleX, Lightbulb } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import type { DoctorFinding, Words } from "../live/protocol";
import styles from "./doctor.module.css";
import { Marked } from "./marked";

const ICONS = { closed: CircleX, advice: Lightbulb, fine: CircleCheck } as const;

/** How the server's own machine is, as it says: the worst first, what is fine folded away. */
export function DoctorServer({ findings }: { findings: readonly DoctorFinding[] }) {
  const { t } = useLanguage();
  const fine = findings.filter(({ level }) => level === "fine");
  const others = findings.filter(({ level }) => level !== "fine");
  return (
    <section className={styles.section} aria-labelledby="doctor-server">
      <h2 id="doctor-server">{t("doctor.server")}</h2>
      {others.length === 0 && <p>{t("doctor.server.allFine")}</p>}
      <Findings findings={others} />
      {fine.length > 0 && (
        <details className={styles.fine}>
          <summary>{t("doctor.server.fine", { n: fine.length })}</summary>
          <Findings findings={fine} />
        </details>
      )}
    </section>
  );
}

function Findings({ findings }: { findings: readonly DoctorFinding[] }) {
  const { t, language } = useLanguage();
  if (findings.length === 0) return null;
  const say = (words: Words) => (language === "en" ? words.en : words.zh);
  return (
    <ul className={styles.findings}>
      {findings.map((finding) => {
        const Icon = ICONS[finding.level];
        return (
          <li
            key={`${finding.check} ${finding.text.en}`}
            data-testid="doctor-finding"
            data-check={finding.check}
            data-level={finding.level}
          >
            <Icon size={20} role="img" aria-label={t(`doctor.level.${finding.level}`)} />
            <div>
              <p>
                <Marked text={say(finding.text)} />
              </p>
              {finding.advice && (
                <p className={styles.advice}>
                  <Marked text={say(finding.advice)} />
                </p>
              )}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
