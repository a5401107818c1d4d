import { Clapperboard, MessageSquare, SlidersHorizontal, Users } from "lucide-react";
import { lazy, Suspense } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { SetupPanel } from "./setup-panel";
import { type Tab, Tabs } from "./tabs";

// What is not seen at first is loaded when it is.
const ChatTab = lazy(async () => ({ default: (await import("./chat-tab")).ChatTab }));
const PeoplePanel = lazy(async () => ({ default: (await import("./people-panel")).PeoplePanel }));
const ObsPanel = lazy(async () => ({ default: (await import("./obs-panel")).ObsPanel }));

export type TabName = "chat" | "viewers" | "obs" | "setup";

interface WorkbenchProps {
  studio: Studio;
  tab: TabName;
  onTab: (tab: TabName) => void;
}

const ICONS = {
  chat: MessageSquare,
  viewers: Users,
  obs: Clapperboard,
  setup: SlidersHorizontal,
} as const;

const NAMES: readonly TabName[] = ["chat", "viewers", "obs", "setup"];

/** Beside the picture: what the host works with. */
export function Workbench({ studio, tab, onTab }: WorkbenchProps) {
  const { t } = useLanguage();
  const tabs: Tab<TabName>[] = NAMES.map((name) => {
    const Icon = ICONS[name];
    const badge = name === "viewers" ? { badge: studio.broadcast.queue.length } : {};
    return { name, label: t(`tab.${name}`), icon: <Icon size={18} aria-hidden="true" />, ...badge };
  });
  return (
    <Tabs label={t("tab.label")} tabs={tabs} chosen={tab} onChoose={onTab}>
      <Suspense fallback={null}>
        {tab === "chat" && <ChatTab studio={studio} />}
        {tab === "viewers" && <PeoplePanel studio={studio} />}
        {tab === "obs" && <ObsPanel studio={studio} />}
        {tab === "setup" && <SetupPanel studio={studio} />}
      </Suspense>
    </Tabs>
  );
}
