import type {
  DeviceReport,
  DoctorPath,
  DoctorReport,
  DoctorTicket,
  ErrorCode,
  PathResult,
} from "../protocol";
import { randomHex } from "../random";
import type { SignalingOptions } from "../signaling";
import { Store } from "../store";
import { type Answer, makeTicket, readReport, sendReport } from "./api";
import { deviceName } from "./device-name";
import { MediaProbe } from "./media-probe";
import { movingPicture } from "./moving-picture";
import { probeSocket } from "./socket-probe";
import { ALL_PATHS, MEDIA_PATHS, type MediaPath } from "./ways";

/** Whether this device may look at the server and publish to try media. */
export type Right = "asking" | "granted" | "none" | "expired" | "wrong_key" | "no_answer";

export interface CheckupSnapshot {
  right: Right;
  running: boolean;
  results: Partial<Record<DoctorPath, PathResult>>;
  /** How the server looks from inside. */
  report: DoctorReport | null;
  /** This device's clock minus the server's. */
  clockAheadMs: number | null;
  /** Of the server's own machine, or of a holder of the key: for other devices. */
  ticket: DoctorTicket | null;
  /** Why the server did not take the media. */
  refused: ErrorCode | "unsupported" | null;
}

export interface CheckupOptions {
  /** Of the page's address. */
  ticket: string | null;
  makePeer?: (config: RTCConfiguration) => RTCPeerConnection | null;
  signaling?: Partial<SignalingOptions>;
  makePicture?: typeof movingPicture;
}

/** What other devices found is asked for so often, while somebody looks. */
const REPORT_EVERY_MS = 5_000;

export const CHECKUP_START: CheckupSnapshot = {
  right: "asking",
  running: true,
  results: {},
  report: null,
  clockAheadMs: null,
  ticket: null,
  refused: null,
};

/** One device's look at the server: every way to it, with media, and what the server says of itself. */
export class Checkup extends Store<CheckupSnapshot> {
  readonly #options: CheckupOptions;
  #ticket: string | null;
  #key: string | null = null;
  #abort = new AbortController();
  #probes: MediaProbe[] = [];
  #pollTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: CheckupOptions) {
    super(CHECKUP_START);
    this.#options = options;
    this.#ticket = options.ticket;
    this.again();
  }

  /** The publishing key gives the right. */
  showKey(key: string): void {
    this.#key = key;
    this.#ticket = null;
    this.again();
  }

  again(): void {
    this.close();
    this.#abort = new AbortController();
    const { report, ticket } = this.getSnapshot();
    this.update({ ...CHECKUP_START, report, ticket });
    void this.#run(this.#abort.signal);
  }

  close(): void {
    clearTimeout(this.#pollTimer);
    this.#abort.abort();
    for (const probe of this.#probes.splice(0)) probe.close();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const isSecure = location.protocol === "https:";
    this.#note({ path: "https", state: isSecure ? "works" : "not_offered", ms: null });
    const socket = probeSocket(signal, this.#options.signaling);
    void socket.then((result) => {
      if (!signal.aborted) this.#note(result);
    });
    const right = await this.#seekRight(signal);
    if (signal.aborted) return;
    this.update({ right });
    if (right === "granted" && this.#ticket) await this.#tryMedia(this.#ticket, signal);
    await socket;
    if (signal.aborted) return;
    if (right === "granted" && this.#ticket) await this.#tell(this.#ticket, signal);
    if (signal.aborted) return;
    this.update({ running: false });
    if (right === "granted") this.#schedule(signal);
  }

  async #seekRight(signal: AbortSignal): Promise<Right> {
    const given = this.#ticket;
    if (given) {
      const report = await this.#readReport(given, signal);
      if ("value" in report) return "granted";
      if (report.error === "failed") return "no_answer";
      this.#ticket = null;
    }
    const made = await makeTicket(this.#key, signal);
    if ("error" in made) {
      if (made.error === "failed") return "no_answer";
      if (this.#key) return "wrong_key";
      return given ? "expired" : "none";
    }
    this.#ticket = made.value.ticket;
    this.update({ ticket: made.value });
    const report = await this.#readReport(made.value.ticket, signal);
    return "value" in report ? "granted" : "no_answer";
  }

  /** Reads how the server looks, and how far apart the clocks are. */
  async #readReport(ticket: string, signal: AbortSignal): Promise<Answer<DoctorReport>> {
    const askedAt = Date.now();
    const report = await readReport(ticket, signal);
    if (signal.aborted || "error" in report) return report;
    // The server looked at its clock half a round trip ago.
    const clockAheadMs = (askedAt + Date.now()) / 2 - report.value.now;
    this.update({ report: report.value, clockAheadMs });
    return report;
  }

  async #tryMedia(ticket: string, signal: AbortSignal): Promise<void> {
    const picture = (this.#options.makePicture ?? movingPicture)();
    if (!picture) {
      for (const path of MEDIA_PATHS) this.#note({ path, state: "not_tried", ms: null });
      this.update({ refused: "unsupported" });
      return;
    }
    const { stream, stop } = picture;
    signal.addEventListener("abort", stop, { once: true });
    // Another device tries at the same time.
    const device = randomHex(4);
    await Promise.all(
      MEDIA_PATHS.map(async (path) => {
        const probe = new MediaProbe({
          ...this.#options,
          path,
          room: `doctor-${ticket}-${path}${device}`,
          stream,
          otherFamilyWorks: () => this.#otherFamilyWorks(path),
        });
        this.#probes.push(probe);
        const result = await probe.result;
        if (signal.aborted) return;
        this.#note(result);
        if (probe.refused) this.update({ refused: probe.refused });
      }),
    );
    stop();
  }

  #otherFamilyWorks(path: MediaPath): boolean {
    const other = path.endsWith("6") ? "4" : "6";
    const { results } = this.getSnapshot();
    return Object.values(results).some((it) => it.path.endsWith(other) && it.state === "works");
  }

  async #tell(ticket: string, signal: AbortSignal): Promise<void> {
    const { results, clockAheadMs } = this.getSnapshot();
    const report = {
      device: deviceName(navigator.userAgent),
      origin: location.origin,
      clockAheadMs: clockAheadMs ?? 0,
      results: ALL_PATHS.flatMap((path) => results[path] ?? []),
    };
    await sendReport(ticket, report, signal);
    await this.#readReport(ticket, signal);
  }

  #note(result: PathResult): void {
    this.update({ results: { ...this.getSnapshot().results, [result.path]: result } });
  }

  #schedule(signal: AbortSignal): void {
    this.#pollTimer = setTimeout(() => void this.#poll(signal), REPORT_EVERY_MS);
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const ticket = this.#ticket;
    if (ticket && document.visibilityState !== "hidden") {
      const report = await this.#readReport(ticket, signal);
      // The ticket is over: what was read stays.
      if ("error" in report && report.error === "refused") return;
    }
    if (!signal.aborted) this.#schedule(signal);
  }
}

/** What was reported, without this device's own report. */
export function otherDevices({ report, results }: CheckupSnapshot): DeviceReport[] {
  const isOwn = (it: DeviceReport) =>
    it.origin === location.origin &&
    it.device === deviceName(navigator.userAgent) &&
    it.results.every(({ path, state, ms }) => {
      const own = results[path];
      return own?.state === state && own.ms === ms;
    });
  return (report?.devices ?? []).filter((device) => !isOwn(device));
}
