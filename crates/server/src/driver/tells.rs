//! What parts of the server tell the hub: what the operator has set, what doors have learned, what became of a wish.

use auth::{Secret, Shown};
use control::{ClientId, Refusal, Request, Rewind, Seen};
use media_api::PeerId;
use protocol::RoomName;

use super::{HubClient, Message};

impl HubClient {
    /// A room has another picture, or none any more.
    pub(crate) async fn cover(&self, room: RoomName, version: Option<u32>) {
        self.say(Message::Cover(room, version)).await;
    }

    /// A room is recorded now or not any more, or could not be. Said by another task, as the hub's own may be waited for.
    pub(crate) fn recording(&self, room: RoomName, on: Result<bool, String>) {
        let hub = self.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { hub.say(Message::Recording(room, on)).await });
        }
    }

    /// A viewer is sent the past of its room from a time on, or what is live.
    pub(crate) async fn rewound(&self, peer: PeerId, at: Option<f64>) {
        self.say(Message::Rewound(peer, at)).await;
    }

    /// Goes back in the broadcast, or to what is live.
    pub(crate) async fn rewind(&self, client: ClientId, wish: Rewind) -> Result<(), Refusal> {
        self.request(client, Request::Rewind(wish)).await.map(drop)
    }

    /// The rules of a room have changed: who has lost its right goes.
    pub(crate) async fn rules(&self, room: RoomName) {
        self.say(Message::Rules(Some(room))).await;
    }

    /// A page has reported what its person saw.
    pub(crate) async fn seen(&self, room: RoomName, seen: Seen) {
        self.say(Message::Seen(room, seen)).await;
    }

    /// The same of every room.
    pub(crate) async fn all_rules(&self) {
        self.say(Message::Rules(None)).await;
    }

    /// The operator has changed settings of the control plane.
    pub(crate) async fn configure(&self, config: control::Config) {
        self.say(Message::Configure(Box::new(config))).await;
    }

    /// A door has learned of a WebSocket what its token or the operator's service says.
    pub(crate) async fn shown(
        &self,
        client: ClientId,
        token: Option<Secret>,
        shown: Option<Shown>,
    ) {
        self.say(Message::Shown(client, token, shown)).await;
    }
}
