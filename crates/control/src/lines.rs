//! A message that one client after another is sent, serialised once.

use std::sync::OnceLock;

use bytes::Bytes;
use protocol::ServerMessage;

/// The lines of a room's chat from before a client came. They are the same for all who come before the next line.
#[derive(Debug)]
pub struct Lines {
    message: ServerMessage,
    text: OnceLock<Bytes>,
}

impl Lines {
    pub(crate) fn new(message: ServerMessage) -> Self {
        Self { message, text: OnceLock::new() }
    }

    /// The message.
    pub fn message(&self) -> &ServerMessage {
        &self.message
    }

    /// Its text frame, made by `serialize` for the first who asks.
    pub fn text(&self, serialize: impl FnOnce(&ServerMessage) -> Bytes) -> Bytes {
        self.text.get_or_init(|| serialize(&self.message)).clone()
    }
}

impl PartialEq for Lines {
    fn eq(&self, other: &Self) -> bool {
        self.message == other.message
    }
}
