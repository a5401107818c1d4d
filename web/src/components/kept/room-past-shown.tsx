import type { ComponentProps } from "react";
import { useLanguage } from "../../hooks/use-language";
import { PastLists } from "./past-list";
import styles from "./room-past.module.css";

/** What is kept of a room, on its page. */
export function RoomPastShown(props: ComponentProps<typeof PastLists>) {
  const { t } = useLanguage();
  return (
    <section className={styles.past} aria-labelledby="room-past" data-testid="room-past">
      <h2 id="room-past">{t("past.title")}</h2>
      <PastLists {...props} />
    </section>
  );
}
