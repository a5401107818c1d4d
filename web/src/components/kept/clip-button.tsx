import { Scissors } from "lucide-react";
import { useState } from "react";
import { createPortal } from "react-dom";
import { useLanguage } from "../../hooks/use-language";
import type { Pass } from "../../live/kept/addresses";
import { Button, IconButton } from "../button";
import { laterWithWords } from "../later";

const ClipDialog = laterWithWords(async () => (await import("./clip-dialog")).ClipDialog);

interface ClipButtonProps {
  room: string;
  pass: Pass;
  /** `over`: an icon over a picture. */
  look?: "round" | "over" | "word";
}

/** Makes a clip of what was just shown. */
export function ClipButton({ room, pass, look = "word" }: ClipButtonProps) {
  const { t } = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const open = () => setOpen(true);
  const common = { "data-testid": "clip", "aria-haspopup": "dialog", onClick: open } as const;
  return (
    <>
      {look === "word" ? (
        <Button icon={<Scissors size={18} />} {...common}>
          {t("watch.clip")}
        </Button>
      ) : (
        <IconButton label={t("watch.clip")} look={look} {...common}>
          <Scissors size={look === "over" ? 24 : 20} />
        </IconButton>
      )}
      {isOpen &&
        createPortal(
          // What is said of buttons around this one is not meant for those of the dialog.
          <ClipDialog room={room} pass={pass} onClose={() => setOpen(false)} />,
          document.body,
        )}
    </>
  );
}
