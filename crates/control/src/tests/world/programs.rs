//! Programs: sessions of WHIP and WHEP.

use auth::Secret;
use protocol::Role;

use super::World;
use crate::{ClientId, Door, Input, Refusal, Reply, Request, RequestId};

impl World {
    /// A session of WHIP or WHEP in the default room.
    pub(in crate::tests) fn program(
        &mut self,
        ip: &str,
        role: Role,
        key: Option<&str>,
    ) -> Result<ClientId, Refusal> {
        let client = ClientId(self.new_id());
        let mut join = self.join(ip, false, Door::Http)?;
        join.role = Some(role);
        let credential = auth::Credential::of_key(key.map(Secret::new));
        self.ask(client, Request::Join { join, credential }).map(|_| client)
    }

    /// Asks for something; the reply has to be there at once.
    pub(in crate::tests) fn ask(
        &mut self,
        client: ClientId,
        request: Request,
    ) -> Result<Reply, Refusal> {
        let id = self.begin(client, request);
        self.reply(id).expect("a reply")
    }

    /// Asks for something that may be answered later.
    pub(in crate::tests) fn begin(&mut self, client: ClientId, request: Request) -> RequestId {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.open_requests.insert(id);
        self.input(Input::Request { client, id, request });
        id
    }

    pub(in crate::tests) fn reply(&mut self, id: RequestId) -> Option<Result<Reply, Refusal>> {
        self.replies.remove(&id)
    }

    /// Asks to join as a client of that name.
    pub(in crate::tests) fn begin_join(&mut self, client: ClientId, ip: &str, role: Role) {
        if let Ok(mut join) = self.join(ip, false, Door::Http) {
            join.role = Some(role);
            self.begin(client, Request::Join { join, credential: auth::Credential::default() });
        }
    }
}
