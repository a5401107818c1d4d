import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const COMPRESSIBLE = /\.(html|js|css|svg|json|webmanifest|txt)$/;

const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

/** The encodings that the server knows, by the suffix of the file's name. */
const ENCODINGS: [suffix: string, compress: (content: Buffer) => Promise<Buffer>][] = [
  [
    ".br",
    (content) =>
      brotli(content, {
        params: {
          [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        },
      }),
  ],
  [".gz", (content) => deflate(content, { level: constants.Z_BEST_COMPRESSION })],
];

/** Writes a compressed copy beside each built file that gets smaller by it. */
export function precompress(): Plugin {
  let outDir = "";
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      outDir = path.resolve(config.root, config.build.outDir);
    },
    async writeBundle(_, bundle) {
      // The files of public/ are copied before the first bundle is written.
      const isFirst = this.environment.name === "client";
      const names = isFirst ? await readdir(outDir, { recursive: true }) : Object.keys(bundle);
      await Promise.all(
        names.filter((name) => COMPRESSIBLE.test(name)).map((name) => compress(outDir, name)),
      );
    },
  };
}

async function compress(folder: string, name: string): Promise<void> {
  const file = path.join(folder, name);
  const content = await readFile(file);
  for (const [suffix, encode] of ENCODINGS) {
    const encoded = await encode(content);
    if (encoded.length < content.length) await writeFile(file + suffix, encoded);
  }
}
