/** A piece of a text; `href` where it is an address. */
export interface Piece {
  text: string;
  href: string | null;
}

/** An address ends at what is not ASCII: what follows it without a space is the sentence's. */
const ADDRESS = /\bhttps?:\/\/[a-z0-9[][!#-;=?-~]*/gi;
/** At the end of an address these belong to the sentence. */
const TAIL = /[.,:;!?'*)\]}]+$/;

/** Cuts a text into addresses of the web and what is between them. Together they are the text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let done = 0;
  for (const { 0: match, index } of text.matchAll(ADDRESS)) {
    const address = withoutTail(match);
    if (!URL.canParse(address)) continue;
    if (index > done) found.push({ text: text.slice(done, index), href: null });
    found.push({ text: address, href: address });
    done = index + address.length;
  }
  if (done < text.length) found.push({ text: text.slice(done), href: null });
  return found;
}

function withoutTail(address: string): string {
  const bare = address.replace(TAIL, "");
  // As in https://en.wikipedia.org/wiki/Kaibo_(disambiguation).
  const isOpen = bare.split("(").length > bare.split(")").length;
  return isOpen && address[bare.length] === ")" ? `${bare})` : bare;
}
