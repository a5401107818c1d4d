import { expect, test } from "vitest";
import { type Attempt, hasPairs, isOfPath, isOn, MEDIA_PATHS, selectedOf, verdict } from "./ways";

const PAIR = {
  protocol: "udp",
  remoteAddress: "203.0.113.7",
  localType: "host",
  isSurprise: false,
};
const ATTEMPT: Attempt = {
  offered: true,
  local: ["192.0.2.9"],
  paired: true,
  publisher: null,
  viewer: null,
  framesDecoded: 0,
  bytesReceived: 0,
  over: false,
  otherFamilyWorks: false,
  needsName: false,
};

function report(...entries: object[]): RTCStatsReport {
  return new Map(entries.map((entry) => [(entry as { id: string }).id, entry])) as never;
}

test("each candidate of the server's belongs to one direct way", () => {
  const of = (protocol: "udp" | "tcp", address: string) =>
    MEDIA_PATHS.filter((path) => isOfPath(path, { protocol, address, port: 1 }));
  expect(of("udp", "203.0.113.7")).toEqual(["udp4", "turn"]);
  expect(of("udp", "2001:db8::7")).toEqual(["udp6", "turn"]);
  expect(of("tcp", "203.0.113.7")).toEqual(["tcp4"]);
  expect(of("tcp", "2001:db8::7")).toEqual(["tcp6"]);
});

test("the loopback address of a server is a way for its own machine alone", () => {
  const candidate = { protocol: "udp", address: "::1", port: 1 } as const;
  expect(isOfPath("udp6", candidate, false)).toBe(false);
  expect(isOfPath("udp6", candidate, true)).toBe(true);
});

test("the pair that media takes is read from the statistics of either kind of browser", () => {
  const local = { id: "l", type: "local-candidate", protocol: "tcp", candidateType: "host" };
  const remote = { id: "r", type: "remote-candidate", address: "2001:db8::7" };
  const pair = {
    id: "p",
    type: "candidate-pair",
    localCandidateId: "l",
    remoteCandidateId: "r",
    nominated: true,
    state: "succeeded",
  };
  const other = { ...pair, id: "o", state: "failed", localCandidateId: "x" };
  const transport = { id: "t", type: "transport", selectedCandidatePairId: "p" };
  const expected = {
    protocol: "tcp",
    remoteAddress: "2001:db8::7",
    localType: "host",
    isSurprise: false,
  };
  expect(selectedOf(report(other, pair, local, remote, transport))).toEqual(expected);
  expect(selectedOf(report(other, pair, local, remote))).toEqual(expected);
  expect(selectedOf(report(local, remote))).toBeNull();
  expect([hasPairs(report(local, remote)), hasPairs(report(other))]).toEqual([false, true]);
});

test("media that takes another way does not count", () => {
  expect(isOn("udp4", PAIR)).toBe(true);
  expect(isOn("tcp4", PAIR)).toBe(false);
  expect(isOn("udp6", PAIR)).toBe(false);
  expect(isOn("turn", PAIR)).toBe(false);
  expect(isOn("turn", { ...PAIR, localType: "relay" })).toBe(true);
  expect(isOn("turn", { ...PAIR, localType: "prflx" })).toBe(true);
  expect(isOn("udp4", { ...PAIR, localType: "prflx" })).toBe(true);
  expect(isOn("udp4", { ...PAIR, localType: "relay" })).toBe(false);
  expect(isOn("udp4", { ...PAIR, isSurprise: true })).toBe(false);
  expect(isOn("udp4", null)).toBe(false);
});

test("a way works when a picture went out and came back over it", () => {
  const there = { ...ATTEMPT, publisher: PAIR, viewer: PAIR };
  expect(verdict("udp4", there)).toBeNull();
  expect(verdict("udp4", { ...there, framesDecoded: 1 })).toBe("works");
  // A page in the background shows nothing and receives all the same.
  expect(verdict("udp4", { ...there, over: true, bytesReceived: 5_000 })).toBe("works");
  expect(verdict("udp4", { ...there, over: true })).toBe("closed");
  expect(verdict("udp4", { ...ATTEMPT, viewer: PAIR, framesDecoded: 1, over: true })).toBe(
    "closed",
  );
});

test("what the server does not announce is not offered, whatever else is known", () => {
  expect(verdict("udp6", { ...ATTEMPT, offered: false, over: true })).toBe("not_offered");
});

test("a device without IPv6 has not tried it", () => {
  expect(verdict("udp6", ATTEMPT)).toBeNull();
  expect(verdict("udp6", { ...ATTEMPT, over: true })).toBe("not_tried");
  const local = ["192.0.2.9", "2001:db8::9"];
  expect(verdict("udp6", { ...ATTEMPT, local, over: true })).toBe("closed");
});

test("addresses that the browser hides count by their number", () => {
  const hidden = { ...ATTEMPT, over: true, otherFamilyWorks: true };
  expect(verdict("udp6", { ...hidden, local: ["a.local"] })).toBe("not_tried");
  expect(verdict("udp6", { ...hidden, local: ["a.local", "b.local"] })).toBe("closed");
  expect(verdict("udp6", { ...hidden, local: ["a.local"], otherFamilyWorks: false })).toBe(
    "closed",
  );
  // A page without the right to use a camera may be shown none at all.
  expect(verdict("udp4", { ...hidden, local: [] })).toBe("closed");
});

test("a browser that had no pair to check over UDP has not tried it", () => {
  expect(verdict("udp4", { ...ATTEMPT, paired: false, over: true })).toBe("not_tried");
  expect(verdict("tcp4", { ...ATTEMPT, paired: false, over: true })).toBe("closed");
});

test("without a socket no way of media was tried", () => {
  expect(verdict("udp4", { ...ATTEMPT, offered: null, over: true })).toBe("not_tried");
  expect(verdict("udp4", { ...ATTEMPT, offered: null })).toBeNull();
});

test("a browser that wants a name for TURN is not held against the server", () => {
  expect(verdict("turn", { ...ATTEMPT, needsName: true, over: true })).toBe("not_tried");
  expect(verdict("turn", { ...ATTEMPT, over: true })).toBe("closed");
});
