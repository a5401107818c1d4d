/** The text of a report. */
export function describe({ fans, host, machine }) {
  const lines = Object.entries(fans).flatMap(([name, fan]) => describeFan(name, fan));
  lines.push(...describeHost(host));
  const { cpus, load1, toolDelayMs } = machine;
  lines.push(
    `machine: ${cpus} cores, load ${load1}; this tool was delayed by up to ${toolDelayMs.max} ms (p99 ${toolDelayMs.p99})`,
  );
  return lines.join("\n");
}

function describeFan(name, it) {
  const { negotiated, freezes, connections, syncMs, audio, repair, wire, capped, marks } = it;
  const { ofSent } = it;
  const lines = [
    `${name}`,
    `  DTLS ${negotiated.dtlsVersion}, ${negotiated.dtlsCipher}; SRTP ${negotiated.srtpProfile}`,
    `  ${it.measuredSeconds} s measured; frames shown ${it.framesShown}, decoded ${it.framesDecoded}, dropped ${it.framesDropped}, keyframes ${it.keyFramesDecoded}`,
    `  of the frames sent ${ofSent.percent} % decoded: ${ofSent.decoded} of ${ofSent.sent} in ${ofSent.seconds} s, of which ${ofSent.received ?? "?"} were received whole in time; ${it.bufferedMs} ms in the jitter buffer`,
    `  freezes over 200 ms: ${freezes.gaps} (longest ${freezes.longestMs} ms; ${freezes.unclear} unclear); counted by the browser: ${freezes.byBrowser}, ${freezes.byBrowserSeconds?.toFixed(2)} s`,
    ...freezes.at.map(describeGap),
    `  peer connections ${connections.peers}, offers ${connections.offers}, sockets ${connections.sockets}`,
    `  audio and video apart: p50 ${syncMs.p50}, p95 ${syncMs.p95}, max ${syncMs.max} ms (median: video ahead by ${syncMs.median})`,
    `  audio concealed: ${audio.concealedPercent} %, ${audio.concealmentEvents} times; packets lost ${audio.packetsLost}`,
    `  video: packets ${repair.packetsReceived}, lost ${repair.packetsLost}, NACK ${repair.nackCount}, retransmitted ${repair.retransmittedPacketsReceived ?? "not reported"}, PLI ${repair.pliCount}`,
    `  TWCC negotiated: ${yes(it.twccNegotiated)}`,
  ];
  if (marks === null) lines.push("  marks: this browser hears nothing here");
  if (marks) {
    const { apartMs, aheadMs: ahead } = marks;
    lines.push(
      `  marks apart: p50 ${apartMs.p50}, p95 ${apartMs.p95}, max ${apartMs.max} ms of ${apartMs.n} (median: video ahead by ${ahead})`,
    );
  }
  if (wire) {
    const { toFan, toServer } = wire;
    lines.push(
      `  on the wire: to the fan ${toFan.datagrams} of which RTX ${toFan.rtx}, lost ${toFan.lost}, overflowed ${toFan.overflowed} (video ${toFan.pictureLost}); from the fan TWCC ${toServer.twcc}, NACK ${toServer.nack}, PLI ${toServer.pli}, lost ${toServer.lost}`,
    );
  }
  lines.push(`  lines: ${it.heights.map(({ s, height }) => `${height} at ${s} s`).join(", ")}`);
  if (capped) {
    lines.push(
      `  capped: from ${capped.best} lines down after ${capped.downAfterS} s to ${capped.lowest}; back up ${capped.upAfterS} s after the cap; ${capped.changesUnderCap} changes under it`,
    );
  }
  return lines;
}

function describeHost({ rtxNegotiated, twccNegotiated, connections, ...it }) {
  const { picture, targetKbit, estimateKbit, wire, marksMs } = it;
  const lines = [
    "host",
    `  peer connections ${connections.peers}; RTX negotiated: ${yes(rtxNegotiated)}; TWCC negotiated: ${yes(twccNegotiated)}`,
    `  video: packets sent ${picture.packetsSent}, of which retransmitted ${picture.retransmittedPacketsSent}; NACK ${picture.nackCount}, PLI ${picture.pliCount}, FIR ${picture.firCount}`,
    `  target bitrate of the encoder: min ${targetKbit.min}, median ${targetKbit.median} kbit/s; bandwidth estimate of the browser: min ${estimateKbit.min}, median ${estimateKbit.median} kbit/s`,
  ];
  if (wire) {
    const { toServer, toHost } = wire;
    lines.push(
      `  on the wire: to the server ${toServer.datagrams} of which RTX ${toServer.rtx}, repeated on the media SSRC ${toServer.repeated}, lost ${toServer.lost} (video ${toServer.pictureLost}), padding alone ${toServer.padding}, of that lost ${toServer.paddingLost}; to the host NACK ${toHost.nack}, PLI ${toHost.pli}, FIR ${toHost.fir}, TWCC ${toHost.twcc}, lost ${toHost.lost}`,
    );
  }
  if (marksMs) {
    lines.push(`  its own marks: video ahead by ${marksMs.p50} ms (p95 ${marksMs.p95})`);
  }
  for (const layer of it.layers.filter(({ active }) => active !== false)) {
    lines.push(
      `  sends ${layer.frameHeight} lines, ${layer.framesPerSecond} frames/s, ${layer.keyFramesEncoded} keyframes, limited by ${layer.limitedBy}`,
    );
  }
  return lines;
}

function yes(holds) {
  return holds ? "yes" : "no";
}

function describeGap({ s, ms, madeMs, receivedMs, toolWaitedMs }) {
  const told = (value) => (value === null ? "? ms" : `${value} ms`);
  return `    at ${s} s ${ms} ms: both frames were made ${told(madeMs)} apart and received ${told(receivedMs)} apart; this tool was delayed by ${toolWaitedMs} ms`;
}
