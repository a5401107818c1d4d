// @vitest-environment node
import { expect, test } from "vitest";
import { natRules, readCounters, rebindRules } from "./nat-rules.mjs";

test("each rebind has mappings, and ports, of its own", () => {
  const rules = (generation, address = "198.18.77.2") =>
    rebindRules({ outside: "out", address, generation });
  expect(rules(0)).toContain("ct zone set 1\n");
  expect(rules(0)).toContain("snat to 198.18.77.2:20000-20999 fully-random");
  expect(rules(1, "198.18.77.3")).toContain("ct zone set 2\n");
  expect(rules(1, "198.18.77.3")).toContain("snat to 198.18.77.3:21000-21999 fully-random");
  expect(rules(40)).toContain(":20000-20999 ");
  // Zone 0 is that of the signalling.
  expect(rules(0)).not.toContain("zone set 0");
});

test("reports are counted as such before media are", () => {
  const rules = natRules({ outside: "out", address: "198.18.77.2" });
  for (const [way, name] of [
    ["iifname", "in"],
    ["oifname", "out"],
  ]) {
    const [rtcp, rtp] = ["rtcp", "rtp"].map((kind) =>
      rules.indexOf(`counter name ${name}_${kind}`),
    );
    expect(rtcp).toBeGreaterThan(0);
    expect(rtp).toBeGreaterThan(rtcp);
    expect(rules).toContain(`${way} "out"`);
  }
});

test("counters are read by their names", () => {
  const said = {
    nftables: [
      { metainfo: { version: "1.0.6" } },
      { counter: { name: "in_rtp", table: "kaibo", packets: 3, bytes: 100 } },
      { counter: { name: "dropped", table: "kaibo", packets: 0, bytes: 0 } },
    ],
  };
  expect(readCounters(JSON.stringify(said))).toEqual({ in_rtp: 3, dropped: 0 });
});
