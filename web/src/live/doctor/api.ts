import { withBase } from "../base-path";
import type { DeviceReport, DoctorReport, DoctorTicket } from "../protocol";

/** `refused`: another right is needed. `failed`: no answer, or one that says nothing of rights. */
export type Answer<T> = { value: T } | { error: "refused" | "failed" };

const REFUSALS = [401, 403];

/** By the publishing key, or by nothing on the server's own machine. */
export function makeTicket(key: string | null, signal: AbortSignal): Promise<Answer<DoctorTicket>> {
  return ask("/api/doctor/tickets", key, { method: "POST", signal });
}

export function readReport(ticket: string, signal: AbortSignal): Promise<Answer<DoctorReport>> {
  return ask("/api/doctor", ticket, { cache: "no-store", signal });
}

export async function sendReport(
  ticket: string,
  report: DeviceReport,
  signal: AbortSignal,
): Promise<void> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(report);
  await ask("/api/doctor/devices", ticket, { method: "POST", headers, body, signal });
}

async function ask<T>(path: string, bearer: string | null, init: RequestInit): Promise<Answer<T>> {
  const headers = new Headers(init.headers);
  if (bearer) headers.set("authorization", `Bearer ${bearer}`);
  try {
    const response = await fetch(withBase(path), { ...init, headers });
    if (REFUSALS.includes(response.status)) return { error: "refused" };
    if (!response.ok) return { error: "failed" };
    const text = await response.text();
    return { value: text === "" ? (undefined as T) : (JSON.parse(text) as T) };
  } catch {
    return { error: "failed" };
  }
}
