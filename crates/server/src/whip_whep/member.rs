//! A session's side of its conversation with the hub: what it asks, and what its room tells it.

use control::{ClientId, Notice, Rewind};
use media_api::{Codec, LayerRate};
use protocol::{LayerName, RoomState, ServerMessage};
use tokio::sync::mpsc;

use crate::driver::{HubClient, Watching};
use crate::problem::Problem;

/// Notices that wait for a session's task, which takes microseconds for each: what a room says in a minute. In a
/// full queue the newest is dropped; the next state makes up for it.
const NOTICES: usize = 256;

/// The status of a page whose tab is closed (RFC 6455, section 7.4.1): what it published or watched ends now.
pub(crate) const GOING_AWAY: u16 = 1001;

/// Where notices for a session are left. When it is dropped, the session is over.
#[derive(Debug)]
pub(crate) struct Sender(mpsc::Sender<Notice>);

impl Sender {
    /// Leaves a notice. Never blocks.
    pub(crate) fn send(&self, notice: Notice) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.0.try_send(notice) {
            tracing::warn!("WHIP or WHEP session too slow: notice dropped");
        }
    }
}

/// A mailbox and where it is filled.
pub(crate) fn mailbox() -> (Sender, mpsc::Receiver<Notice>) {
    let (sender, receiver) = mpsc::channel(NOTICES);
    (Sender(sender), receiver)
}

/// What is known of the room.
#[derive(Debug)]
pub(super) struct RoomView {
    /// The room as it is now.
    pub(super) room: RoomState,
    /// The bit rate of each layer.
    pub(super) rates: Vec<LayerRate>,
    /// How many watch.
    pub(super) viewers: Option<u32>,
    /// Why the session is about to end, when it was said.
    pub(super) bye: Option<String>,
}

impl RoomView {
    pub(super) fn new(room: RoomState) -> Self {
        Self { room, rates: Vec::new(), viewers: None, bye: None }
    }

    pub(super) fn take(&mut self, notice: Notice) {
        let message = match notice {
            Notice::Message(message) => message,
            Notice::Rates(rates) => return self.rates = rates,
        };
        match message {
            ServerMessage::State(room) => self.room = room,
            ServerMessage::Viewers { n, .. } => self.viewers = Some(n),
            ServerMessage::Bye { reason, .. } => self.bye = Some(reason),
            ServerMessage::Error { code, message, .. } => {
                tracing::debug!(code = code.as_str(), message, "session error");
            }
            _ => {}
        }
    }
}

/// A member of a room. When it is dropped, the hub is told, a moment later.
#[derive(Debug)]
pub(super) struct Member {
    hub: HubClient,
    client: ClientId,
    inbox: mpsc::Receiver<Notice>,
    is_over: bool,
}

impl Member {
    pub(super) fn new(hub: HubClient, client: ClientId, inbox: mpsc::Receiver<Notice>) -> Self {
        Self { hub, client, inbox, is_over: false }
    }

    /// The next notice; `None` when the session is over.
    pub(super) async fn recv(&mut self) -> Option<Notice> {
        self.inbox.recv().await
    }

    pub(super) async fn publish(&self, offer: String) -> Result<String, Problem> {
        self.hub.publish(self.client, offer).await.map_err(Problem::from)
    }

    pub(super) async fn watch(&self, offer: String) -> Result<Watching, Problem> {
        self.hub.watch(self.client, offer).await.map_err(Problem::from)
    }

    pub(super) async fn counter_offer(&self) -> Result<String, Problem> {
        self.hub.counter_offer(self.client).await.map_err(Problem::from)
    }

    pub(super) async fn answer(&self, sdp: String) -> Result<Vec<Codec>, Problem> {
        self.hub.answer(self.client, sdp).await.map_err(Problem::from)
    }

    pub(super) async fn prefer(&self, video: LayerName) -> Result<(), Problem> {
        self.hub.prefer(self.client, video).await.map_err(Problem::from)
    }

    pub(super) async fn rewind(&self, wish: Rewind) -> Result<(), Problem> {
        self.hub.rewind(self.client, wish).await.map_err(Problem::from)
    }

    /// Leaves, and returns when the room knows.
    pub(super) async fn leave(mut self) {
        self.is_over = true;
        self.hub.gone(self.client, Some(GOING_AWAY)).await;
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if !self.is_over {
            let (hub, client) = (self.hub.clone(), self.client);
            // Nothing is left to wait for when the runtime ends.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move { hub.gone(client, Some(GOING_AWAY)).await });
            }
        }
    }
}
