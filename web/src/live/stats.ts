/** One reading of a peer connection; rates are since the reading before. */
export interface MediaStats {
  bitrateBps: number | null;
  fps: number | null;
  width: number | null;
  height: number | null;
  codec: string | null;
  rttMs: number | null;
  /** Packets lost of those sent since the last reading, 0 to 1. */
  loss: number | null;
  /** `udp` or `tcp`, of the path in use. */
  transport: string | null;
}

export interface ReceiveStats extends MediaStats {
  framesDecoded: number;
  framesDropped: number;
  freezes: number;
  bytesReceived: number;
  jitterBufferMs: number | null;
  /** Capture to display; an estimate of what one end can tell, unless `isTrueLatency`. */
  latencyMs: number | null;
  isTrueLatency: boolean;
}

export interface SendStats extends MediaStats {
  /** What holds the picture back, by the browser's own judgement. */
  limitedBy: "cpu" | "bandwidth" | null;
}

/** Entries differ between browsers, so every field may be missing. */
type Entry = Record<string, unknown> & { id: string; type: string; timestamp: number };

/** Keeps what a rate needs: the counters of the reading before. */
export class StatsReader {
  #before = new Map<string, { at: number; value: number }>();

  receive(report: RTCStatsReport): ReceiveStats {
    const entries = read(report);
    const inbound = entries.filter((entry) => entry.type === "inbound-rtp");
    const video = inbound.find((entry) => entry.kind === "video");
    const bytesReceived = sum(inbound, "bytesReceived");
    const path = selectedPath(entries);
    const rttMs = milliseconds(path?.currentRoundTripTime);
    const jitterBufferMs = this.#jitterBufferMs(video);
    const received = this.#delta("received", path?.timestamp, sum(inbound, "packetsReceived"));
    const lost = this.#delta("lost", path?.timestamp, sum(inbound, "packetsLost"));
    return {
      ...pictureOf(entries, video),
      bitrateBps: this.#rate("bytes", path?.timestamp, bytesReceived, 8),
      rttMs,
      loss: share(lost, received),
      transport: transportOf(entries, path),
      framesDecoded: number(video?.framesDecoded) ?? 0,
      framesDropped: number(video?.framesDropped) ?? 0,
      freezes: number(video?.freezeCount) ?? 0,
      bytesReceived,
      jitterBufferMs,
      isTrueLatency: false,
      latencyMs: rttMs === null || jitterBufferMs === null ? null : rttMs / 2 + jitterBufferMs,
    };
  }

  /** `paused` are the simulcast layers that are not sent on purpose. */
  send(report: RTCStatsReport, paused: ReadonlySet<string> = new Set()): SendStats {
    const entries = read(report);
    const outbound = entries.filter((entry) => entry.type === "outbound-rtp");
    const isSent = (entry: Entry) =>
      entry.active !== false && !(typeof entry.rid === "string" && paused.has(entry.rid));
    // Of simulcast layers the largest that is sent: it is what the preview shows.
    const video = outbound
      .filter((entry) => entry.kind === "video" && isSent(entry))
      .reduce<Entry | undefined>(
        (best, entry) => (isLarger(entry, best) ? entry : best),
        undefined,
      );
    const remote = entries.find(
      (entry) => entry.type === "remote-inbound-rtp" && entry.kind === "video",
    );
    const path = selectedPath(entries);
    const reason = video?.qualityLimitationReason;
    return {
      ...pictureOf(entries, video),
      bitrateBps: this.#rate("bytes", path?.timestamp, sum(outbound, "bytesSent"), 8),
      rttMs: milliseconds(path?.currentRoundTripTime ?? remote?.roundTripTime),
      loss: number(remote?.fractionLost),
      transport: transportOf(entries, path),
      limitedBy: reason === "cpu" || reason === "bandwidth" ? reason : null,
    };
  }

  /** The mean wait of the frames emitted since the last reading. */
  #jitterBufferMs(video: Entry | undefined): number | null {
    const waited = this.#delta("jb", video?.timestamp, number(video?.jitterBufferDelay));
    const emitted = this.#delta("jbn", video?.timestamp, number(video?.jitterBufferEmittedCount));
    return waited && emitted && emitted.by > 0 ? (waited.by / emitted.by) * 1000 : null;
  }

  #rate(key: string, at: number | undefined, value: number, scale: number): number | null {
    const delta = this.#delta(key, at, value);
    return delta && delta.ms > 0 ? (delta.by * scale * 1000) / delta.ms : null;
  }

  #delta(
    key: string,
    at: number | undefined,
    value: number | null,
  ): { by: number; ms: number } | null {
    if (at === undefined || value === null) return null;
    const before = this.#before.get(key);
    this.#before.set(key, { at, value });
    if (!before || value < before.value) return null;
    return { by: value - before.value, ms: at - before.at };
  }
}

function isLarger(entry: Entry, than: Entry | undefined): boolean {
  return !than || (number(entry.frameWidth) ?? 0) > (number(than.frameWidth) ?? 0);
}

function read(report: RTCStatsReport): Entry[] {
  const entries: Entry[] = [];
  report.forEach((entry: Entry) => {
    entries.push(entry);
  });
  return entries;
}

function pictureOf(entries: Entry[], video: Entry | undefined) {
  const codec = entries.find((entry) => entry.id === video?.codecId);
  return {
    fps: number(video?.framesPerSecond),
    width: number(video?.frameWidth),
    height: number(video?.frameHeight),
    codec: typeof codec?.mimeType === "string" ? codec.mimeType.replace("video/", "") : null,
  };
}

function selectedPath(entries: Entry[]): Entry | undefined {
  const transport = entries.find((entry) => entry.type === "transport");
  return (
    entries.find((entry) => entry.id === transport?.selectedCandidatePairId) ??
    // Firefox has no transport entry with the pair.
    entries.find((entry) => entry.type === "candidate-pair" && entry.nominated === true)
  );
}

function transportOf(entries: Entry[], path: Entry | undefined): string | null {
  const local = entries.find((entry) => entry.id === path?.localCandidateId);
  return typeof local?.protocol === "string" ? local.protocol : null;
}

function share(lost: { by: number } | null, received: { by: number } | null): number | null {
  if (!lost || !received || lost.by + received.by === 0) return null;
  return lost.by / (lost.by + received.by);
}

function sum(entries: Entry[], field: string): number {
  return entries.reduce((total, entry) => total + (number(entry[field]) ?? 0), 0);
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function milliseconds(seconds: unknown): number | null {
  const value = number(seconds);
  return value === null ? null : value * 1000;
}
