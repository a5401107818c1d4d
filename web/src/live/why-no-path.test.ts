import { expect, test } from "vitest";
import { candidatesOf } from "./candidates";
import { reachOfHost, whyNoPath } from "./why-no-path";

function announcing(...addresses: string[]) {
  const line = (address: string, protocol: string, port: number) =>
    `a=candidate:1 1 ${protocol} 1 ${address} ${port} typ host`;
  return candidatesOf(
    addresses.flatMap((it) => [line(it, "udp", 3000), line(it, "tcp", 3001)]).join("\r\n"),
  );
}

test("a public page whose server announces private addresses says which, and what is missing", () => {
  const candidates = announcing("10.0.0.5", "fd00::5");
  const why = { code: "private_address", values: { ip: "10.0.0.5, fd00::5" } };
  expect(whyNoPath({ candidates, hostname: "live.example.com" })).toEqual(why);
  expect(whyNoPath({ candidates, hostname: "203.0.113.7" })).toEqual(why);
});

test("in the server's own network a private address is right, and a port is closed", () => {
  const candidates = announcing("192.168.1.5");
  for (const hostname of ["192.168.1.5", "studio.local", "studio", "localhost"]) {
    expect(whyNoPath({ candidates, hostname })).toEqual({
      code: "closed",
      values: { host: hostname, udp: 3000, tcp: 3001 },
    });
  }
});

test("an address of the server's own machine leads nobody else anywhere", () => {
  const candidates = announcing("127.0.0.1");
  expect(whyNoPath({ candidates, hostname: "192.168.1.5" })?.code).toBe("loopback_address");
  expect(whyNoPath({ candidates, hostname: "localhost" })?.code).toBe("closed");
});

test("one public address among private ones is enough to blame a closed port", () => {
  const candidates = announcing("10.0.0.5", "203.0.113.7");
  expect(whyNoPath({ candidates, hostname: "live.example.com" })?.code).toBe("closed");
});

test("no TCP port is named that the server does not announce", () => {
  const candidates = announcing("203.0.113.7").filter(({ protocol }) => protocol === "udp");
  expect(whyNoPath({ candidates, hostname: "203.0.113.7" })).toEqual({
    code: "closed_udp",
    values: { host: "203.0.113.7", udp: 3000 },
  });
  expect(whyNoPath({ candidates: [], hostname: "203.0.113.7" })).toBeNull();
});

test.each([
  ["live.example.com", "everywhere"],
  ["[2001:db8::7]", "everywhere"],
  ["[fd00::7]", "own network"],
  ["[::1]", "own machine"],
  ["localhost", "own machine"],
  ["studio.home.arpa", "own network"],
] as const)("a page at %s can be opened from: %s", (hostname, reach) => {
  expect(reachOfHost(hostname)).toBe(reach);
});
