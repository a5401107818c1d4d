const STEPS = {
  pageMs: "page",
  socketMs: "socket",
  offerMs: "offer",
  iceMs: "ICE",
  connectedMs: "DTLS",
  firstFrameMs: "first frame",
};

/** The text of a report of `measure:reach`. */
export function describe({ paths, machine }) {
  const lines = Object.entries(paths).flatMap(([path, fans]) =>
    Object.entries(fans).flatMap(([name, it]) => describeFan(`${path}, ${name}`, it)),
  );
  const { cpus, load1, toolDelayMs } = machine;
  lines.push(
    `machine: ${cpus} cores, load ${load1}; this tool was delayed by up to ${toolDelayMs.max} ms (p99 ${toolDelayMs.p99})`,
  );
  return lines.join("\n");
}

function describeFan(title, { joins, steps, watched }) {
  const { freezes, delayMs, bufferedMs, wireKbit, mediaKbit, repair, heights } = watched;
  return [
    `${title} (${joins.length} joins, ms after the page was opened)`,
    ...Object.entries(STEPS).map(([step, text]) => {
      const { p50, p95, max } = steps[step];
      return `  ${text.padEnd(12)} p50 ${p50}, p95 ${p95}, max ${max}`;
    }),
    `  ${watched.measuredSeconds} s watched: freezes over 200 ms: ${freezes.gaps} (longest ${freezes.longestMs} ms; ${freezes.unclear} unclear); frames shown ${watched.framesShown}`,
    `  delay from the host's picture: p50 ${delayMs.p50}, p95 ${delayMs.p95}, max ${delayMs.max} ms of ${delayMs.n}; ${bufferedMs} ms in the jitter buffer`,
    `  ${mediaKbit} kbit/s of media, ${wireKbit} on the wire; packets ${repair.packetsReceived}, lost ${repair.packetsLost}, NACK ${repair.nackCount}`,
    `  lines: ${heights.map(({ s, height }) => `${height} at ${s} s`).join(", ")}`,
  ];
}
