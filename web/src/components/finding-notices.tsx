import { useLanguage } from "../hooks/use-language";
import { findingText } from "../i18n/finding";
import type { Finding } from "../live/protocol";
import { Notice } from "./notice";

/** What the server finds wrong with what is sent, and what to set; each is gone when it is over. */
export function FindingNotices({ findings }: { findings: readonly Finding[] }) {
  const { t } = useLanguage();
  return findings.map((finding) => {
    const { title, way } = findingText(t, finding);
    return (
      <Notice key={finding.code}>
        <div data-testid="finding" data-code={finding.code}>
          <strong>{title}</strong> {way}
        </div>
      </Notice>
    );
  });
}
