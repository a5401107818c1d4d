//! What a client wants to do.

/// What a client wants to do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send media.
    Publish,
    /// Receive media, and be told of the room.
    Watch,
}
