//! What doors ask the hub about its rooms.

use control::{Figures, RoomSessions};
use protocol::{RoomInfo, RoomName, RoomSummary};
use tokio::sync::oneshot;

use super::{HubClient, Message};

impl HubClient {
    /// The rooms with something to watch; `None` when the hub has stopped.
    pub(crate) async fn rooms(&self) -> Option<Vec<RoomSummary>> {
        let (reply, rooms) = oneshot::channel();
        self.say(Message::Rooms(reply)).await;
        rooms.await.ok()
    }

    /// What is known of one room, if anybody is in it; `None` when the hub has stopped.
    pub(crate) async fn room(&self, name: RoomName) -> Option<Option<RoomInfo>> {
        let (reply, room) = oneshot::channel();
        self.say(Message::Room(name, reply)).await;
        room.await.ok()
    }

    /// What is known of one room, for the operator.
    pub(crate) async fn room_for_operator(&self, name: RoomName) -> Option<RoomInfo> {
        let (reply, room) = oneshot::channel();
        self.say(Message::RoomForOperator(name, reply)).await;
        room.await.ok().flatten()
    }

    /// What is counted of all rooms; `None` when the hub has stopped.
    pub(crate) async fn figures(&self) -> Option<Figures> {
        let (reply, figures) = oneshot::channel();
        self.say(Message::Figures(reply)).await;
        figures.await.ok()
    }

    /// The sessions of a room, if anybody is in it; `None` when the hub has stopped.
    pub(crate) async fn sessions(&self, room: RoomName) -> Option<Option<RoomSessions>> {
        let (reply, sessions) = oneshot::channel();
        self.say(Message::Sessions(room, reply)).await;
        sessions.await.ok()
    }

    /// Whether anybody is in a room; `None` when the hub has stopped.
    pub(crate) async fn has_room(&self, room: RoomName) -> Option<bool> {
        let (reply, has_room) = oneshot::channel();
        self.say(Message::HasRoom(room, reply)).await;
        has_room.await.ok()
    }

    /// Ends a session; whether it was there. `None` when the hub has stopped.
    pub(crate) async fn kick(&self, room: RoomName, session: u64) -> Option<bool> {
        let (reply, is_done) = oneshot::channel();
        self.say(Message::Kick(room, session, reply)).await;
        is_done.await.ok()
    }
}
