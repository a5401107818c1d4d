//! What the door learns of a WebSocket from its token and from the operator's service, before the hub hears it.

use auth::{Action, ClientAddr, Shown};
use protocol::{ClientFrame, ClientMessage, Role, RoomName};
use tokens::is_token;

use crate::access::{Access, Learned, Wish};

/// Looks at what one WebSocket shows.
#[derive(Debug)]
pub(super) struct Guard {
    access: Access,
    client: ClientAddr,
    role: Option<Role>,
    room: RoomName,
    /// The query of its URL.
    query: String,
    /// What is in force was learned, and is void when another key is shown.
    has_shown: bool,
    /// It may publish by the service's word, or was asked about.
    has_asked_to_publish: bool,
}

impl Guard {
    pub(super) fn new(
        access: Access,
        client: ClientAddr,
        role: Option<Role>,
        room: RoomName,
        query: String,
    ) -> Self {
        let (has_shown, has_asked_to_publish) = (false, false);
        Self { access, client, role, room, query, has_shown, has_asked_to_publish }
    }

    /// What the service says of who shows nothing yet: a client of the basic profile never does.
    pub(super) async fn at_the_door(&self) -> Option<Shown> {
        if !self.access.has_service() {
            return None;
        }
        self.learn(self.role, None).await.shown
    }

    /// Looks at a message that shows something; what is learned. A token is taken out of it: it is too long to be kept.
    pub(super) async fn look(&mut self, frame: &mut ClientFrame) -> Option<Learned> {
        match &mut frame.message {
            ClientMessage::Hello { role, room, key, .. } => {
                if let Some(room) = room {
                    self.room = room.clone();
                }
                let role = role.or(self.role);
                let has_token = key.as_deref().is_some_and(is_token);
                if !has_token && !self.access.has_service() && !self.has_shown {
                    return None;
                }
                let text = if has_token { key.take() } else { key.clone() };
                self.has_shown = true;
                self.has_asked_to_publish |= role == Some(Role::Host);
                Some(self.learn(role, text.as_deref()).await)
            }
            ClientMessage::Offer { key, .. } => {
                let has_token = key.as_deref().is_some_and(is_token);
                // A host of the basic profile says no role: its offer does.
                let asks = self.access.has_service() && !self.has_shown;
                if !has_token && (!asks || self.has_asked_to_publish) {
                    return None;
                }
                let text = if has_token { key.take() } else { key.clone() };
                self.has_asked_to_publish = true;
                let learned = self.learn(Some(Role::Host), text.as_deref()).await;
                // Who may not publish may still watch, as it was learned at the door.
                let may = learned.shown.as_ref().is_some_and(Result::is_ok);
                (has_token || may).then_some(learned)
            }
            _ => None,
        }
    }

    async fn learn(&self, role: Option<Role>, text: Option<&str>) -> Learned {
        let action = match role {
            Some(Role::Host) => Action::Publish,
            Some(Role::Fan) | None => Action::Watch,
        };
        let Self { client, room, query, .. } = self;
        self.access.learn(Wish { client, action, room, text, query }).await
    }
}
