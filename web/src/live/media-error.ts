import { hasPeers } from "./peer";

/** Why the camera, the microphone or the screen cannot be used; each has words and a way out. */
export const MEDIA_ERROR_CODES = [
  "insecure",
  "unsupported",
  "denied",
  "denied_once",
  "denied_system",
  "no_device",
  "in_use",
  "constraint",
  "cancelled",
  "device_lost",
  "device_muted",
] as const;

export type MediaErrorCode = (typeof MEDIA_ERROR_CODES)[number];

/** What the browser lacks for broadcasting, before any question is asked. */
export function preflight(scope: Window = window): MediaErrorCode | null {
  if (!scope.isSecureContext) return "insecure";
  const { mediaDevices } = scope.navigator as Partial<Navigator>;
  if (!mediaDevices?.getUserMedia || !hasPeers(scope)) return "unsupported";
  return null;
}

/** Sorts what `getUserMedia` or `getDisplayMedia` threw. */
export function classifyMediaError(error: unknown, asked: "camera" | "screen"): MediaErrorCode {
  const { name, message, constraint } = describe(error);
  switch (name) {
    case "NotAllowedError":
    case "PermissionDeniedError":
      // Chrome on macOS says "Permission denied by system" for both kinds of question.
      if (/system/i.test(message)) return "denied_system";
      return asked === "screen" ? "cancelled" : "denied";
    case "SecurityError":
      return "denied_system";
    case "NotFoundError":
    case "DevicesNotFoundError":
      return "no_device";
    // Firefox says AbortError for a camera that another program holds.
    case "NotReadableError":
    case "TrackStartError":
    case "AbortError":
      return "in_use";
    case "OverconstrainedError":
    case "ConstraintNotSatisfiedError":
      return DEVICE_CONSTRAINTS.includes(constraint) ? "no_device" : "constraint";
    default:
      return "unsupported";
  }
}

/** These say which device, not what it is to do. */
const DEVICE_CONSTRAINTS = ["deviceId", "groupId", "facingMode"];

function describe(error: unknown): { name: string; message: string; constraint: string } {
  if (typeof error !== "object" || error === null) return { name: "", message: "", constraint: "" };
  const { name, message, constraint } = error as Record<string, unknown>;
  const text = (value: unknown) => String(value ?? "");
  return { name: text(name), message: text(message), constraint: text(constraint) };
}

/** A person needs longer than this to read a question and to answer it. */
const ANSWER_MS = 200;

/**
 * Of a refusal that took so long: `denied` where the browser remembers it, so that only its settings
 * help; `denied_once` where it asks again.
 */
export async function refusalOf(tookMs: number): Promise<"denied" | "denied_once"> {
  if (tookMs < ANSWER_MS) return "denied";
  const states = await Promise.all(["camera", "microphone"].map(permission));
  return states.includes("denied") ? "denied" : "denied_once";
}

async function permission(name: string): Promise<PermissionState | null> {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state;
  } catch {
    return null;
  }
}
