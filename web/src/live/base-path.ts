/** The path below which the server is reached, such as `/live`, as its page says it; empty at the root. */
export function basePath(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="base-path"]');
  return (meta?.content ?? "").replace(/\/+$/, "");
}

/** A path of ours as an address has it: `/host` is `/live/host`. */
export function withBase(path: string): string {
  return basePath() + path;
}

/** A path of an address as ours: `/live/host` is `/host`. */
export function withoutBase(path: string): string {
  const base = basePath();
  if (path === base) return "/";
  return path.startsWith(`${base}/`) ? path.slice(base.length) : path;
}
