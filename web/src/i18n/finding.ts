import type { Finding } from "../live/protocol";
import { formatBitrate } from "./format";
import type { Translate } from "./language";

/** What is wrong with what is sent, and what to do, in words; one we do not know in the server's. */
export function findingText(t: Translate, finding: Finding): { title: string; way: string } {
  const { code } = finding;
  const values = {
    s: ((finding.intervalMs ?? 0) / 1000).toFixed(1),
    profile: finding.profile ?? "?",
    rate: formatBitrate((finding.kbps ?? 0) * 1000),
    limit: formatBitrate((finding.limitKbps ?? 0) * 1000),
    percent: String(finding.percent ?? 0),
    packets: String(finding.packets ?? 0),
    limitPackets: String(finding.limitPackets ?? 0),
  };
  switch (code) {
    case "b_frames":
    case "keyframe_interval":
    case "ignores_pli":
    case "h264_profile":
    case "no_parameter_sets":
    case "no_audio":
    case "no_opus":
    case "bitrate_over_limit":
    case "over_ceiling":
    case "unknown_media":
    case "lossy_uplink":
      return { title: t(`finding.${code}`, values), way: t(`finding.${code}.way`, values) };
    default:
      return unknownFinding(code, finding);
  }
}

/** A server may be newer than the page. */
function unknownFinding(_code: never, finding: Finding): { title: string; way: string } {
  return { title: "", way: finding.message };
}
