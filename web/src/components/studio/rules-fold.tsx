import { Check as CheckIcon, Copy } from "lucide-react";
import { useCopy } from "../../hooks/use-copy";
import { useLanguage } from "../../hooks/use-language";
import type { DeskWatch } from "../../live/desk";
import type { ChatRules, Desk } from "../../live/protocol";
import { roomUrl } from "../../live/room-name";
import { Button } from "../button";
import { SelectField } from "../field";
import { Check } from "./check";
import { DraftField } from "./draft-field";
import { Fold } from "./people-rows";

interface RulesFoldProps {
  desk: Desk;
  /** What everybody in the room is told (公告). */
  notice: string;
  watch: DeskWatch;
  room: string;
}

const SLOW_S = [0, 5, 10, 30, 60, 300] as const;

/** Who may write, how often and what. */
export function RulesFold({ desk, notice, watch, room }: RulesFoldProps) {
  const { t } = useLanguage();
  const { rules } = desk;
  const set = (change: Partial<ChatRules>) => watch.setRules({ ...rules, ...change });
  return (
    <Fold title={t("rules.title")} testId="rules">
      <DraftField
        label={t("notice.label")}
        hint={t("notice.hint")}
        value={notice}
        max={300}
        testId="notice"
        onSave={(text) => watch.setNotice(text)}
      />
      <Check
        label={t("rules.on")}
        checked={rules.on}
        testId="chat-on"
        onChange={(on) => set({ on })}
      />
      <SelectField
        label={t("rules.slow")}
        value={rules.slowS}
        data-testid="slow"
        onChange={({ target }) => set({ slowS: Number(target.value) })}
      >
        {[...new Set([...SLOW_S, rules.slowS])].map((n) => (
          <option key={n} value={n}>
            {slowText(t, n)}
          </option>
        ))}
      </SelectField>
      <Check
        label={t("rules.invited")}
        checked={rules.invitedOnly}
        testId="invited-only"
        onChange={(invitedOnly) => set({ invitedOnly })}
      />
      {rules.invitedOnly && <InviteLink url={`${roomUrl(room)}#invite=${desk.invite}`} />}
      <Check
        label={t("rules.history")}
        checked={rules.history}
        onChange={(history) => set({ history })}
      />
      <Words words={desk.words} onSave={(words) => watch.setWords(words)} />
    </Fold>
  );
}

function slowText(t: ReturnType<typeof useLanguage>["t"], n: number): string {
  if (n === 0) return t("rules.slow.0");
  return n < 60 ? t("rules.slowS", { n }) : t("rules.slowM", { n: Math.round(n / 60) });
}

function InviteLink({ url }: { url: string }) {
  const { t } = useLanguage();
  const { copied, copy } = useCopy();
  return (
    <Button
      icon={copied ? <CheckIcon size={18} /> : <Copy size={18} />}
      data-testid="invite-link"
      data-url={url}
      onClick={() => copy(url)}
    >
      {copied ? t("common.copied") : t("rules.invite")}
    </Button>
  );
}

function Words({ words, onSave }: { words: string[]; onSave: (words: string[]) => void }) {
  const { t } = useLanguage();
  const save = (text: string) => {
    const lines = text.split("\n").map((line) => line.trim());
    onSave([...new Set(lines)].filter((line) => line !== ""));
  };
  return (
    <DraftField
      label={t("rules.words")}
      hint={t("rules.wordsHint")}
      value={words.join("\n")}
      testId="words"
      onSave={save}
    />
  );
}
