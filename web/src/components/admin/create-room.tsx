import { type FormEvent, useState } from "react";
import { asProblem } from "../../live/admin/api";
import type { RoomRules, Watch } from "../../live/admin/types";
import { adminRoomPath } from "../../live/admin/views";
import { parseRoomName, roomUrl } from "../../live/room-name";
import { navigate } from "../../navigation";
import { Link } from "../../router";
import { Notice } from "../notice";
import { useAdmin } from "./context";
import { FormDialog } from "./dialogs";
import { TextField } from "./fields";
import parts from "./parts.module.css";
import { useAction } from "./use-resource";
import { isPasswordShort, WatchFields } from "./watch-fields";

interface CreateRoomProps {
  /** Of a room that is there, not set up. */
  name?: string;
  onClose: () => void;
}

/** A new room: its address, and who may watch. All else is on its page. */
export function CreateRoom({ name: given = "", onClose }: CreateRoomProps) {
  const { t, api } = useAdmin();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState(given);
  const [watch, setWatch] = useState<Watch>("everybody");
  const [password, setPassword] = useState("");
  const [isTried, setTried] = useState(false);
  const [taken, setTaken] = useState<string | null>(null);
  const room = parseRoomName(name);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setTaken(null);
    if (room === null || isPasswordShort(watch, password, false)) return;
    const isDone = await run(async () => {
      if (await isThere(room)) {
        setTaken(room);
        return;
      }
      const rules: RoomRules = { watch, ...(watch === "password" ? { password } : {}) };
      await api.put(`/rooms/${encodeURIComponent(room)}`, rules);
      onClose();
      if (given === "") navigate(adminRoomPath(room));
    });
    return isDone;
  };
  const isThere = async (room: string): Promise<boolean> => {
    try {
      await api.get(`/rooms/${encodeURIComponent(room)}`);
      return true;
    } catch (error) {
      if (asProblem(error).status === 404) return false;
      throw error;
    }
  };
  return (
    <FormDialog
      title={t("create.title")}
      go={t("create.go")}
      formId="create"
      {...{ busy, problem, onClose }}
    >
      <form id="create" className={parts.form} onSubmit={(event) => void submit(event)}>
        <TextField
          label={t("create.name")}
          hint={t("create.nameHint", { url: decodeURI(roomUrl(room ?? "…")) })}
          error={isTried && room === null ? t("create.bad") : null}
          data-testid="create-name"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        {taken && (
          <Notice>
            {t("create.exists")} <Link href={adminRoomPath(taken)}>{t("create.existsOpen")}</Link>
          </Notice>
        )}
        <WatchFields
          {...{ watch, password, isTried }}
          hasPassword={false}
          onWatch={setWatch}
          onPassword={setPassword}
        />
      </form>
    </FormDialog>
  );
}
