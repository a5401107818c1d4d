import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { crc32, zip } from "./zip";

const FILES = [
  { path: "a folder/one.txt", text: "one\n" },
  { path: "a folder/直播.json", text: '{"name":"直播"}' },
];

test("the checksum is that of ISO 3309", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

test("another program reads the archive", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "kaibo-zip-"));
  try {
    const file = path.join(folder, "it.zip");
    writeFileSync(file, zip(FILES, new Date(2026, 1, 3, 4, 5, 6)));
    const script =
      "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])";
    const { status, stderr } = spawnSync("python3", ["-c", script, file, folder]);
    expect(String(stderr)).toBe("");
    expect(status).toBe(0);
    for (const { path: name, text } of FILES) {
      expect(readFileSync(path.join(folder, name), "utf8")).toBe(text);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
