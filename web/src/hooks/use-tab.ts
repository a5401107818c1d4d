import { useState } from "react";

/** A tab that is shown: the one for the time, until the person chooses another. */
export function useTab<Name extends string>(usual: Name): [Name, (name: Name) => void] {
  const [chosen, setChosen] = useState<{ name: Name; at: Name } | null>(null);
  // Another time, such as going live, begins with its own.
  const isStale = chosen !== null && chosen.at !== usual;
  return [
    chosen === null || isStale ? usual : chosen.name,
    (name) => setChosen({ name, at: usual }),
  ];
}
