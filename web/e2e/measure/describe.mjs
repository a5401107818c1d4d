/** The text of a report. */
export function describe({ fans, host, machine }) {
  const lines = [];
  for (const [name, it] of Object.entries(fans)) {
    const { negotiated, freezes, connections, syncMs, audio, repair, wire, capped, marks } = it;
    lines.push(
      `${name}`,
      `  DTLS ${negotiated.dtlsVersion}, ${negotiated.dtlsCipher}; SRTP ${negotiated.srtpProfile}`,
      `  ${it.measuredSeconds} s measured; frames shown ${it.framesShown}, decoded ${it.framesDecoded}, dropped ${it.framesDropped}, keyframes ${it.keyFramesDecoded}`,
      `  freezes over 200 ms: ${freezes.gaps} (longest ${freezes.longestMs} ms; ${freezes.unclear} unclear); by the browser's count ${freezes.byBrowser}, ${freezes.byBrowserSeconds?.toFixed(2)} s`,
      ...freezes.at.map(describeGap),
      `  peer connections ${connections.peers}, offers ${connections.offers}, sockets ${connections.sockets}`,
      `  sound and picture apart: p50 ${syncMs.p50}, p95 ${syncMs.p95}, max ${syncMs.max} ms (picture ahead by ${syncMs.median} in the middle)`,
      `  sound concealed: ${audio.concealedPercent} %, ${audio.concealmentEvents} times; packets lost ${audio.packetsLost}`,
      `  picture: packets ${repair.packetsReceived}, lost ${repair.packetsLost}, NACK ${repair.nackCount}, retransmitted ${repair.retransmittedPacketsReceived ?? "not told"}, PLI ${repair.pliCount}`,
      `  TWCC negotiated: ${it.twccNegotiated ? "yes" : "no"}`,
    );
    if (marks === null) lines.push("  by what is in them: this browser hears nothing here");
    if (marks) {
      const { apartMs, aheadMs: ahead } = marks;
      lines.push(
        `  by what is in them: apart p50 ${apartMs.p50}, p95 ${apartMs.p95}, max ${apartMs.max} ms of ${apartMs.n} marks (picture ahead by ${ahead} in the middle)`,
      );
    }
    if (wire) {
      const { toFan, toServer } = wire;
      lines.push(
        `  on the wire: to the fan ${toFan.datagrams} of which RTX ${toFan.rtx}, lost ${toFan.lost}, overflowed ${toFan.overflowed} (of the picture ${toFan.pictureLost}); from the fan TWCC ${toServer.twcc}, NACK ${toServer.nack}, PLI ${toServer.pli}, lost ${toServer.lost}`,
      );
    }
    lines.push(`  lines: ${it.heights.map(({ s, height }) => `${height} at ${s} s`).join(", ")}`);
    if (capped) {
      lines.push(
        `  capped: from ${capped.best} lines down after ${capped.downAfterS} s to ${capped.lowest}; back up ${capped.upAfterS} s after the cap; ${capped.changesUnderCap} changes under it`,
      );
    }
  }
  if (host.marksMs) {
    lines.push(
      `host's own marks: picture ahead by ${host.marksMs.p50} ms (p95 ${host.marksMs.p95})`,
    );
  }
  for (const it of host.layers) {
    lines.push(
      `host sends ${it.frameHeight} lines, ${it.framesPerSecond} frames/s, ${it.keyFramesEncoded} keyframes, limited by ${it.limitedBy}`,
    );
  }
  const { cpus, load1, toolDelayMs } = machine;
  lines.push(
    `machine: ${cpus} cores, load ${load1}; this tool waited up to ${toolDelayMs.max} ms for its turn (p99 ${toolDelayMs.p99})`,
  );
  return lines.join("\n");
}

function describeGap({ s, ms, madeMs, receivedMs, toolWaitedMs }) {
  const told = (value) => (value === null ? "? ms" : `${value} ms`);
  return `    at ${s} s ${ms} ms: both frames were made ${told(madeMs)} apart and came ${told(receivedMs)} apart; this tool waited ${toolWaitedMs} ms then`;
}
