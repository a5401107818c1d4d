/** A file in an archive. */
export interface ZipEntry {
  path: string;
  text: string;
}

/** A ZIP archive without compression (APPNOTE.TXT 4.3): for a few small files. */
export function zip(entries: readonly ZipEntry[], at = new Date()): Uint8Array<ArrayBuffer> {
  const files = entries.map(({ path, text }) => ({ name: utf8(path), data: utf8(text) }));
  const size = files.reduce((sum, { name, data }) => sum + 76 + 2 * name.length + data.length, 22);
  const bytes = new Uint8Array(size);
  const out = new Writer(bytes);
  const heads = files.map(({ name, data }) => {
    const offset = out.at;
    const about = [...dosTime(at), crc32(data), data.length, data.length] as const;
    out.u32(0x04034b50);
    about32(out, about, name.length);
    out.put(name);
    out.put(data);
    return { name, about, offset };
  });
  const start = out.at;
  for (const { name, about, offset } of heads) {
    out.u32(0x02014b50);
    out.u16(VERSION);
    about32(out, about, name.length);
    // No comment, one disk, no attributes.
    for (let n = 0; n < 3; n += 1) out.u16(0);
    out.u32(0);
    out.u32(offset);
    out.put(name);
  }
  const length = out.at - start;
  out.u32(0x06054b50);
  out.u32(0);
  out.u16(files.length);
  out.u16(files.length);
  out.u32(length);
  out.u32(start);
  out.u16(0);
  return bytes;
}

const VERSION = 20;
/** Names are UTF-8. */
const FLAGS = 0x0800;

type About = readonly [time: number, date: number, crc: number, packed: number, size: number];

/** What the head of a file and its line in the directory have in common. */
function about32(out: Writer, [time, date, crc, packed, size]: About, nameLength: number): void {
  out.u16(VERSION);
  out.u16(FLAGS);
  out.u16(0);
  out.u16(time);
  out.u16(date);
  out.u32(crc);
  out.u32(packed);
  out.u32(size);
  out.u16(nameLength);
  out.u16(0);
}

class Writer {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  u16(value: number): void {
    this.#view.setUint16(this.at, value, true);
    this.at += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.at, value, true);
    this.at += 4;
  }

  put(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.at);
    this.at += bytes.length;
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function dosTime(at: Date): [time: number, date: number] {
  const time = (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1);
  const date = ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate();
  return [time, date];
}

/** ISO 3309, as ZIP has it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
