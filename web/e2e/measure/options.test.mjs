// @vitest-environment node
import { expect, test } from "vitest";
import { readOptions, UsageError, usage } from "./rig.mjs";

const TABLE = {
  minutes: { default: 10, min: 0.2, max: 120, help: "how long" },
  fans: { default: "both", one: ["both", "firefox"], help: "which" },
  quiet: { default: false, help: "says nothing" },
  json: { default: null, help: "a file" },
};

test("options have defaults, and are read", () => {
  expect(readOptions(TABLE, [])).toEqual({
    minutes: 10,
    fans: "both",
    quiet: false,
    json: null,
  });
  const argv = ["--minutes", "0.5", "--quiet", "--fans", "firefox", "--json", "out.json"];
  expect(readOptions(TABLE, argv)).toEqual({
    minutes: 0.5,
    fans: "firefox",
    quiet: true,
    json: "out.json",
  });
  expect(readOptions(TABLE, ["--help"])).toBe(null);
  expect(usage("What it does.", TABLE)).toContain("--minutes");
  expect(usage("What it does.", TABLE)).not.toContain("false");
});

test("options that make no sense are named", () => {
  for (const [argv, said] of [
    [["--minutes", "0"], "--minutes is from 0.2 to 120, not 0"],
    [["--minutes", "long"], "--minutes is from 0.2 to 120, not long"],
    [["--minutes", ""], "--minutes is from 0.2 to 120"],
    [["--fans", "safari"], "--fans is one of both, firefox, not safari"],
    [["--quiet=no"], "--quiet"],
    [["--fast"], "--fast"],
    [["more"], "more"],
  ]) {
    expect(() => readOptions(TABLE, argv), argv.join(" ")).toThrow(UsageError);
    expect(() => readOptions(TABLE, argv), argv.join(" ")).toThrow(said);
  }
});

test("what is no option can be taken as a list", () => {
  const table = { ...TABLE, rows: { default: [], rest: true, help: "which" } };
  expect(readOptions(table, ["R3", "--minutes", "1", "R8"])).toMatchObject({
    rows: ["R3", "R8"],
    minutes: 1,
  });
  expect(readOptions(table, []).rows).toEqual([]);
  expect(usage("What it does.", table)).toContain("ROWS");
});
