import { createContext, useContext, useMemo } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import { adminWords } from "../../i18n/admin-words";
import { Api } from "../../live/admin/api";
import { AdminSession } from "../../live/admin/session";

export interface Admin {
  api: Api;
  session: AdminSession;
}

export function makeAdmin(): Admin {
  const api = new Api();
  return { api, session: new AdminSession(api) };
}

export const AdminContext = createContext<Admin>(makeAdmin());

/** The API, who is logged in, and the words. */
export function useAdmin() {
  const { api, session } = useContext(AdminContext);
  const { language, t: say } = useLanguage();
  const { t } = useStore(adminWords);
  return useMemo(() => ({ api, session, language, say, t }), [api, session, language, say, t]);
}
