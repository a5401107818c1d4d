import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { useSyncExternalStore } from "react";
import { withBase } from "./live/base-path";
import { navigate, shownPath, subscribeToPath } from "./navigation";

export function usePath(): string {
  return useSyncExternalStore(subscribeToPath, shownPath);
}

/** A link inside the pages; with a modifier key it opens a tab like any other. */
export function Link({
  href,
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    navigate(href);
  };
  return <a href={withBase(href)} onClick={follow} {...rest} />;
}
