import { CircleCheck, CircleDashed, CircleMinus, CircleX } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import { pathText } from "../i18n/paths";
import type { DoctorPath, DoctorReport, PathResult, PathState } from "../live/protocol";
import { Spinner } from "./button";
import styles from "./doctor.module.css";
import { Marked } from "./marked";

const ICONS = {
  works: CircleCheck,
  closed: CircleX,
  not_offered: CircleMinus,
  not_tried: CircleDashed,
} as const satisfies Record<PathState, unknown>;

interface DoctorWaysProps {
  /** The ways that are shown, tried or not. */
  paths: readonly DoctorPath[];
  results: Partial<Record<DoctorPath, PathResult>>;
  report: DoctorReport | null;
}

/** What became of each way, and what to do about those that do not work. */
export function DoctorWays({ paths, results, report }: DoctorWaysProps) {
  const { language } = useLanguage();
  return (
    <ul className={styles.ways}>
      {paths.map((path) => {
        const result = results[path];
        const state = result?.state ?? "trying";
        return (
          <li key={path} data-testid={`way-${path}`} data-state={state}>
            <StateIcon result={result} />
            <h3>{pathText(language, `path.${path}`)}</h3>
            <span className={styles.state}>
              <StateText result={result} />
            </span>
            {result && result.state !== "works" && (
              <p>
                <Marked
                  text={pathText(language, `${result.state}.${path}`, values(path, report))}
                />
              </p>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function StateIcon({ result }: { result: PathResult | undefined }) {
  if (!result) return <Spinner />;
  const Icon = ICONS[result.state];
  return <Icon size={20} aria-hidden="true" />;
}

function StateText({ result }: { result: PathResult | undefined }) {
  const { t } = useLanguage();
  if (!result) return t("doctor.state.trying");
  const { state, ms } = result;
  if (state === "works" && ms !== null) {
    return t("doctor.state.worksIn", { s: (ms / 1000).toFixed(1) });
  }
  return t(`doctor.state.${state}`);
}

/** What the sentences name. */
function values(path: DoctorPath, report: DoctorReport | null): Record<string, string | number> {
  const { hostname, port, protocol } = location;
  const pagePort = port || (protocol === "https:" ? "443" : "80");
  if (path.startsWith("udp")) return { host: hostname, port: report?.udpPort ?? "?" };
  if (path.startsWith("tcp")) return { host: hostname, port: report?.tcpPort ?? "?" };
  return { host: hostname, port: pagePort };
}
