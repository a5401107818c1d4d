// @vitest-environment node
import { expect, test } from "vitest";
import { outageRules, PATHS, pathRules, perViewerRules } from "./internet-rules.mjs";

test("a path lets through what its name says, to the server alone", () => {
  expect(PATHS).toEqual(["udp", "tcp", "tls", "turn"]);
  for (const path of PATHS) {
    const rules = pathRules(path, 443);
    expect(rules).toContain('oifname != "server" accept');
    expect(rules.includes("meta l4proto udp drop")).toBe(path === "tcp" || path === "tls");
    expect(rules.includes("tcp dport != 443 drop")).toBe(path === "tls");
  }
});

test("an outage drops both ways, and its end leaves nothing behind", () => {
  const away = outageRules(["host", "fan"]);
  for (const link of ["host", "fan"]) {
    expect(away).toContain(`iifname "${link}" drop`);
    expect(away).toContain(`oifname "${link}" drop`);
  }
  expect(outageRules([])).not.toContain("drop");
  // The table that is replaced has to exist.
  expect(away.indexOf("delete table")).toBeGreaterThan(away.indexOf("table inet"));
});

test("each viewer has a link of its own rate", () => {
  const rules = perViewerRules({ link: "fan", kbit: 200 });
  expect(rules).toContain("udp dport limit rate over 25000 bytes/second");
});
