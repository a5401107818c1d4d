import { Clapperboard, MessageSquare, SlidersHorizontal, Users } from "lucide-react";
import { lazy, Suspense } from "react";
import type { Studio } from "../../hooks/use-studio";
import { useStudioText } from "../../hooks/use-studio-text";
import { SetupPanel } from "./setup-panel";
import { type Tab, Tabs } from "./tabs";

// Whoever goes live from a camera need not wait for these.
const ObsPanel = lazy(async () => ({ default: (await import("./obs-panel")).ObsPanel }));

export type TabName = "setup" | "obs";

interface WorkbenchProps {
  studio: Studio;
  tab: TabName;
  onTab: (tab: TabName) => void;
}

/** Beside the picture: what the host works with. */
export function Workbench({ studio, tab, onTab }: WorkbenchProps) {
  const { s } = useStudioText();
  const tabs: Tab<TabName>[] = [
    { name: "obs", label: s("tab.obs"), icon: <Clapperboard size={18} aria-hidden="true" /> },
    {
      name: "setup",
      label: s("tab.setup"),
      icon: <SlidersHorizontal size={18} aria-hidden="true" />,
    },
  ];
  return (
    <Tabs label={s("tab.label")} tabs={tabs} chosen={tab} onChoose={onTab}>
      <Suspense fallback={null}>
        {tab === "setup" && <SetupPanel studio={studio} />}
        {tab === "obs" && <ObsPanel studio={studio} />}
      </Suspense>
    </Tabs>
  );
}
void MessageSquare;
void Users;
