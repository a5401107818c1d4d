import styles from "./poster.module.css";

/** What stands where there is no picture: a room card shows the initial of its name. */
export function Poster({ room = "" }: { room?: string }) {
  const [first = ""] = room;
  return (
    <div className={styles.poster} aria-hidden="true">
      <span className={styles.letter}>{first.toUpperCase()}</span>
    </div>
  );
}
