import { History, Scissors } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { QuietButton } from "./quiet-button";

interface MenuItemsProps {
  /** Where there is no room for a button of its own, and clips may be made. */
  onClip: (() => void) | null;
  onPast: () => void;
}

/** In a room that is live: what is kept of it. */
export function MenuItems({ onClip, onPast }: MenuItemsProps) {
  const { t } = useLanguage();
  return (
    <>
      {onClip && (
        <QuietButton
          icon={<Scissors size={18} aria-hidden="true" />}
          data-testid="open-clip"
          onClick={onClip}
        >
          {t("watch.clip")}
        </QuietButton>
      )}
      <QuietButton
        icon={<History size={18} aria-hidden="true" />}
        data-testid="open-past"
        onClick={onPast}
      >
        {t("watch.past")}
      </QuietButton>
    </>
  );
}
