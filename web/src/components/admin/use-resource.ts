import { useEffect, useState } from "react";
import { useStoreOr } from "../../hooks/use-store";
import { type Api, type ApiProblem, asProblem, type Page } from "../../live/admin/api";
import {
  type PagedData,
  PagedList,
  Resource,
  type ResourceSnapshot,
} from "../../live/admin/resource";
import { useAdmin } from "./context";

type Load<T> = (api: Api, of: string, signal: AbortSignal) => Promise<T>;
type LoadPage<T> = (
  api: Api,
  of: string,
  cursor: string | null,
  signal: AbortSignal,
) => Promise<Page<T>>;

export interface Loaded<T> extends ResourceSnapshot<T> {
  reload: () => Promise<void>;
  set: (data: T) => void;
}

export interface LoadedList<T> extends ResourceSnapshot<PagedData<T>> {
  reload: () => Promise<void>;
  more: () => Promise<void>;
}

const NOTHING = { data: null, problem: null, missing: false };
const done = () => Promise.resolve();

/** Something of the API, read when the component is shown and when `of` changes; `load` is the same function always. */
export function useResource<T>(load: Load<T>, of = "", everyMs: number | null = null): Loaded<T> {
  const { api } = useAdmin();
  const [resource, setResource] = useState<Resource<T> | null>(null);
  useEffect(() => {
    const made = new Resource<T>((signal) => load(api, of, signal), everyMs);
    setResource(made);
    void made.reload();
    return () => made.close();
  }, [api, load, of, everyMs]);
  const snapshot = useStoreOr<ResourceSnapshot<T>>(resource, NOTHING);
  return {
    ...snapshot,
    reload: () => resource?.reload() ?? done(),
    set: (data) => resource?.set(data),
  };
}

/** The same of a list that comes in pages. */
export function useList<T>(
  page: LoadPage<T>,
  of = "",
  everyMs: number | null = null,
): LoadedList<T> {
  const { api } = useAdmin();
  const [list, setList] = useState<PagedList<T> | null>(null);
  useEffect(() => {
    const made = new PagedList<T>((cursor, signal) => page(api, of, cursor, signal), everyMs);
    setList(made);
    void made.reload();
    return () => made.close();
  }, [api, page, of, everyMs]);
  const snapshot = useStoreOr<ResourceSnapshot<PagedData<T>>>(list, NOTHING);
  return {
    ...snapshot,
    reload: () => list?.reload() ?? done(),
    more: () => list?.more() ?? done(),
  };
}

/** Something that a button does: whether it is being done, and why it was not. */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  /** Whether it was done. */
  const run = async (deed: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    try {
      await deed();
      return true;
    } catch (error) {
      setProblem(asProblem(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, run, clear: () => setProblem(null) };
}
