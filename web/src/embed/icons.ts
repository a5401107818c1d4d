const SVG = "http://www.w3.org/2000/svg";

/** Outlines of Lucide (ISC), as the pages have them. */
const SPEAKER =
  "M11 4.7a.7.7 0 0 0-1.2-.5L6.4 7.6A1.4 1.4 0 0 1 5.4 8H3a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2.4a1.4 1.4 0 0 1 1 .4l3.4 3.4a.7.7 0 0 0 1.2-.5Z";

const ICONS = {
  play: "M6 4.5v15a1 1 0 0 0 1.5.9l12-7.5a1 1 0 0 0 0-1.8l-12-7.5A1 1 0 0 0 6 4.5Z",
  pause: "M7 4v16M17 4v16",
  sound: `${SPEAKER}M16 9a5 5 0 0 1 0 6M19.4 18.4a9 9 0 0 0 0-12.7`,
  muted: `${SPEAKER}m5.5 9.8 5-5m-5 0 5 5`,
  full: "M8 3H5a2 2 0 0 0-2 2v3M21 8V5a2 2 0 0 0-2-2h-3M3 16v3a2 2 0 0 0 2 2h3M16 21h3a2 2 0 0 0 2-2v-3",
  small:
    "M8 3v3a2 2 0 0 1-2 2H3M21 8h-3a2 2 0 0 1-2-2V3M3 16h3a2 2 0 0 1 2 2v3M16 21v-3a2 2 0 0 1 2-2h3",
} as const;

export type Icon = keyof typeof ICONS;

/** An icon, hidden from screen readers: the button around it has words. */
export function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "path"));
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg: SVGSVGElement, name: Icon): void {
  const outline = ICONS[name];
  const path = svg.firstElementChild;
  if (path?.getAttribute("d") !== outline) path?.setAttribute("d", outline);
}
