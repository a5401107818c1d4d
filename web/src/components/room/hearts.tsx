import { type CSSProperties, useEffect, useState } from "react";
import type { Chat } from "../../live/chat";
import type { Burst } from "../../live/likes";
import { REACTIONS } from "../../live/reactions";
import styles from "./hearts.module.css";

interface Flyer {
  id: number;
  what: string;
  /** Where it starts, in pixels; null: at the right edge. */
  at: { x: number; y: number } | null;
  /** How far it drifts to the side, -1 to 1, and how much later it starts, in seconds. */
  drift: number;
  delay: number;
}

/** More at once are no prettier, and cost frames. */
const SHOWN_MAX = 24;
/** Of one second's likes so many fly; the number tells the rest. */
const BURST_MAX = 8;
const HEART = "❤️";

let ids = 0;

/** Likes and gestures rise over the picture: everybody's, gathered by the server each second. */
export function Hearts({ chat }: { chat: Chat }) {
  const [flyers, setFlyers] = useState<Flyer[]>([]);
  useEffect(
    () =>
      chat.bursts.add((burst) => {
        setFlyers((now) => [...now, ...flyersOf(burst)].slice(-SHOWN_MAX));
      }),
    [chat],
  );
  return (
    <div className={styles.hearts} aria-hidden="true" data-testid="hearts">
      {flyers.map(({ id, what, at, drift, delay }) => (
        <span
          key={id}
          className={styles.heart}
          style={
            {
              "--drift": drift,
              animationDelay: `${delay}s`,
              ...(at ? { left: at.x, top: at.y, right: "auto", bottom: "auto" } : {}),
            } as CSSProperties
          }
          onAnimationEnd={() => setFlyers((now) => now.filter((one) => one.id !== id))}
        >
          {what}
        </span>
      ))}
    </div>
  );
}

function flyersOf({ likes, reactions, own, at }: Burst): Flyer[] {
  const gestures = reactions.flatMap(({ kind, n }) =>
    Array.from({ length: Math.min(n, 3) }, () => REACTIONS[kind]),
  );
  const hearts = Array.from({ length: Math.min(likes, BURST_MAX) }, () => HEART);
  return [...gestures, ...hearts].slice(0, BURST_MAX).map((what) => {
    ids += 1;
    // A second's worth comes over the second.
    const delay = own ? 0 : Math.random() * 0.9;
    return { id: ids, what, at: at ?? null, drift: Math.random() * 2 - 1, delay };
  });
}
