import { Check, Copy } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { useCopy } from "../../hooks/use-copy";
import { adminProblem, formatMoment } from "../../i18n/admin-text";
import type { ApiProblem } from "../../live/admin/api";
import { Button, IconButton, Spinner } from "../button";
import { Notice } from "../notice";
import { useAdmin } from "./context";
import styles from "./parts.module.css";

/** One thing of a page, with its title and what can be done with it. */
export function Panel({
  title,
  action,
  testId,
  children,
}: {
  title: string;
  action?: ReactNode;
  testId?: string;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={id} data-testid={testId}>
      <header>
        <h2 id={id}>{title}</h2>
        {action}
      </header>
      {children}
    </section>
  );
}

/** There is nothing yet: what to do next. */
export function Empty({
  icon,
  title,
  text,
  children,
}: {
  icon: ReactNode;
  title: string;
  text?: string;
  children?: ReactNode;
}) {
  return (
    <div className={styles.empty} data-testid="empty">
      {icon}
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {children}
    </div>
  );
}

export function Loading() {
  const { t } = useAdmin();
  return (
    <p className={styles.loading} role="status">
      <Spinner />
      {t("admin.loading")}
    </p>
  );
}

export function Problem({ problem }: { problem: ApiProblem | null }) {
  const { t } = useAdmin();
  if (problem === null) return null;
  return (
    <Notice tone="bad" testId="admin-problem">
      {adminProblem(t, problem)}
    </Notice>
  );
}

interface ReadyProps<T> {
  of: { data: T | null; problem: ApiProblem | null; missing: boolean };
  children: (data: T) => ReactNode;
}

/** What was read, or why it was not; what was read before stays while the server does not answer. */
export function Ready<T>({ of: { data, problem, missing }, children }: ReadyProps<T>) {
  const { t } = useAdmin();
  if (missing && data === null) {
    return (
      <p className={styles.hint} data-testid="admin-missing">
        {t("admin.missing")}
      </p>
    );
  }
  return (
    <>
      <Problem problem={problem} />
      {data === null ? problem === null && <Loading /> : children(data)}
    </>
  );
}

/** Shows the next page of a list, where there is one. */
export function More({ next, more }: { next: string | null; more: () => Promise<void> }) {
  const { t } = useAdmin();
  const [busy, setBusy] = useState(false);
  if (next === null) return null;
  const click = async () => {
    setBusy(true);
    await more();
    setBusy(false);
  };
  return (
    <Button kind="outline" className={styles.wide} busy={busy} onClick={() => void click()}>
      {t("admin.more")}
    </Button>
  );
}

/** A value to copy. */
export function CopyRow({
  label,
  value,
  shown = value,
  testId,
}: {
  label: string;
  value: string;
  /** What stands there, where the value itself is hard to read. */
  shown?: string;
  testId?: string;
}) {
  const { t, say } = useAdmin();
  const { copied, copy } = useCopy();
  return (
    <div className={styles.copyRow}>
      <span>{label}</span>
      <div className={styles.value}>
        <code data-testid={testId}>{shown}</code>
        <IconButton label={t("admin.copy", { what: label })} onClick={() => copy(value)}>
          {copied ? <Check size={18} /> : <Copy size={18} />}
        </IconButton>
        <span className="visually-hidden" role="status">
          {copied ? say("common.copied") : ""}
        </span>
      </div>
    </div>
  );
}

/** A moment, as people write it. */
export function Moment({ at }: { at: number }) {
  const { t, language } = useAdmin();
  return <time dateTime={new Date(at).toISOString()}>{formatMoment(t, language, at)}</time>;
}

/** A table that scrolls by itself where the page is too narrow, also by keyboard. */
export function Table({
  label,
  tall = false,
  children,
}: {
  label: string;
  /** It is all that its page has. */
  tall?: boolean;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <section className={styles.scroll} data-tall={tall} aria-label={label} tabIndex={0}>
      <table>{children}</table>
    </section>
  );
}
