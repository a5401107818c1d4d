//! What the handlers share.

use std::net::SocketAddr;

use auth::Auth;
use control::Admission;
use protocol::RoomName;
use tokio::sync::mpsc;

use crate::driver::HubClient;
use crate::shutdown::Shutdown;
use crate::whip_whep::Registry;

/// Handed to every handler; clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) hub: HubClient,
    pub(crate) auth: Auth,
    pub(crate) admission: Admission,
    pub(crate) shutdown: Shutdown,
    pub(crate) sessions: Registry,
    /// Where pages are served.
    pub(crate) listen: SocketAddr,
    /// The room of clients that name none.
    pub(crate) default_room: RoomName,
    /// The path below which a proxy serves us, without a slash at its end; empty without one.
    pub(crate) base_path: String,
    /// Held by every client: when all are dropped, all clients are done.
    pub(crate) alive: mpsc::Sender<()>,
}
