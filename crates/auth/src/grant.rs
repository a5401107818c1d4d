//! What a token or the operator's service allows, and why a token is not good.

use std::sync::Arc;

use protocol::RoomName;

use crate::action::Action;

/// What a token, or the operator's service, allows in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Who allows it.
    pub by: Issuer,
    /// The room.
    pub room: RoomName,
    /// To send media.
    pub can_publish: bool,
    /// To receive media.
    pub can_watch: bool,
    /// To write.
    pub can_chat: bool,
    /// To moderate.
    pub is_admin: bool,
    /// What the person is called.
    pub name: Option<String>,
}

impl Grant {
    pub(crate) fn allows(&self, action: Action, room: &RoomName) -> bool {
        self.room == *room
            && match action {
                Action::Publish => self.can_publish,
                Action::Watch => self.can_watch || self.can_publish,
            }
    }
}

/// Who allows something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Issuer {
    /// A key of this server.
    TokenKey(Arc<str>),
    /// An identity provider.
    Jwks,
    /// The operator's service.
    Service,
}

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BadToken {
    /// It cannot be read.
    #[error("it is no JWT that can be read")]
    Malformed,
    /// Its key is not known here, or no longer.
    #[error("the key that signed it is not known here, or was revoked")]
    UnknownKey,
    /// It was changed, or signed by another key.
    #[error("its signature is wrong")]
    Signature,
    /// Its algorithm is not one that is taken.
    #[error("its algorithm is not one that this server takes")]
    Algorithm,
    /// It has no `exp`.
    #[error("it has no time at which it expires (exp)")]
    Endless,
    /// It is over.
    #[error("it has expired: get another")]
    Expired,
    /// It is not good yet.
    #[error("it is not good yet (nbf): do the clocks differ?")]
    Early,
    /// It is from somebody else.
    #[error("its issuer (iss) is not the one that this server trusts")]
    Issuer,
    /// It is for somebody else.
    #[error("its audience (aud) is not this server")]
    Audience,
    /// It names no room.
    #[error("it grants nothing: video.room and video.roomJoin are missing")]
    NoRoom,
    /// It is for another room.
    #[error("it is for another room")]
    OtherRoom,
    /// It does not allow to publish.
    #[error("it does not allow to publish (video.canPublish)")]
    NoPublish,
    /// It does not allow to watch.
    #[error("it does not allow to watch (video.canSubscribe)")]
    NoWatch,
}
