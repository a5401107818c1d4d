//! Who is where: by client, by resume token, by peer, by name.

use std::collections::HashMap;

use media_api::{PeerId, RoomId};
use protocol::RoomName;

use crate::api::ClientId;
use crate::session::SessionId;

/// The indexes of the hub. What they name exists; a room keeps them up to date through its `Context`.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) rooms: HashMap<RoomName, RoomId>,
    pub(crate) sessions: HashMap<SessionId, RoomId>,
    pub(crate) clients: HashMap<ClientId, SessionId>,
    pub(crate) tokens: HashMap<String, SessionId>,
    pub(crate) peers: HashMap<PeerId, SessionId>,
}
