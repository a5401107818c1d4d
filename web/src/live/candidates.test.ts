import { expect, test } from "vitest";
import { candidatesOf, isIpv6, keepCandidates, reachOf } from "./candidates";

const SDP = [
  "v=0",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=ice-lite",
  "a=candidate:1 1 udp 2130706431 203.0.113.7 3000 typ host",
  "a=candidate:2 1 udp 2130706430 2001:db8::7 3000 typ host",
  "a=candidate:3 1 tcp 1671430143 203.0.113.7 3001 typ host tcptype passive",
  "a=candidate:4 1 TCP 1671430142 2001:db8::7 3001 typ host tcptype passive",
  "a=end-of-candidates",
  "",
].join("\r\n");

test("a description tells at which addresses media can be reached", () => {
  expect(candidatesOf(SDP)).toEqual([
    { protocol: "udp", address: "203.0.113.7", port: 3000 },
    { protocol: "udp", address: "2001:db8::7", port: 3000 },
    { protocol: "tcp", address: "203.0.113.7", port: 3001 },
    { protocol: "tcp", address: "2001:db8::7", port: 3001 },
  ]);
  expect(candidatesOf("a=candidate:nonsense\r\na=candidate")).toEqual([]);
});

test("a description is left with one way, and everything else of it stays", () => {
  const { sdp, kept } = keepCandidates(
    SDP,
    ({ protocol, address }) => protocol === "tcp" && isIpv6(address),
  );
  expect(kept).toEqual([{ protocol: "tcp", address: "2001:db8::7", port: 3001 }]);
  const gone = SDP.split("\r\n").filter((line) => !sdp.split("\r\n").includes(line));
  expect(gone).toHaveLength(3);
  expect(keepCandidates(SDP, () => true).sdp).toBe(SDP);
});

test.each([
  ["127.0.0.1", "own machine"],
  ["::1", "own machine"],
  ["10.1.2.3", "own network"],
  ["172.16.0.1", "own network"],
  ["172.32.0.1", "everywhere"],
  ["192.168.1.5", "own network"],
  ["169.254.1.1", "own network"],
  ["100.64.0.1", "own network"],
  ["100.128.0.1", "everywhere"],
  ["203.0.113.7", "everywhere"],
  ["fd00::1", "own network"],
  ["FE80::1", "own network"],
  ["::ffff:192.168.1.5", "own network"],
  ["2001:db8::7", "everywhere"],
] as const)("%s can be reached from: %s", (address, reach) => {
  expect(reachOf(address)).toBe(reach);
});
