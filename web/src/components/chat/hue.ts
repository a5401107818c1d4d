/** The same person has the same colour, in every page. */
export function hueOf(uid: string): number {
  let hash = 0x811c9dc5;
  for (const letter of uid) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  // The golden ratio spreads what is near.
  return (Math.imul(hash, 0x9e3779b1) >>> 0) % 360;
}
