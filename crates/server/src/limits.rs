//! What one socket, one address and one request may take. Documented in `docs/protocol.md`.

use std::time::Duration;

/// Messages of one socket a second, in the long run.
pub const MESSAGES_PER_SECOND: u32 = 30;

/// Messages of one socket at once: a browser's candidates come in a burst.
pub const MESSAGE_BURST: u32 = 120;

/// Messages over the limit that are dropped, each second's first with a warning, before the socket
/// is closed: a page that reads its errors has stopped by then.
pub const DROPPED_MESSAGES: u32 = 120;

/// Malformed messages in [`MALFORMED_WINDOW`] that are answered; one more closes the socket.
pub const MALFORMED_MESSAGES: u32 = 50;

/// See [`MALFORMED_MESSAGES`].
pub const MALFORMED_WINDOW: Duration = Duration::from_secs(10);

/// Messages waiting for a slow client: a minute of everything a room says.
pub const OUTBOX_MESSAGES: usize = 256;

/// Bytes waiting for a slow client, in messages of any size.
pub const OUTBOX_BYTES: usize = 1024 * 1024;

/// How often a socket is pinged, so that routers keep it and the dead are found.
pub const PING_EVERY: Duration = Duration::from_secs(20);

/// A socket that said nothing for so long, not even a pong, is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(45);

/// How long a client that does not read has to take its close frame.
pub const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Sockets of one address. Programs of this machine are not counted.
pub const SOCKETS_PER_ADDRESS: usize = 200;

/// Sessions of WHIP and WHEP that one address may open a second, in the long run: each costs a handshake.
/// Programs of this machine are not counted.
pub const OPENINGS_PER_SECOND: u32 = 20;

/// The same at once: a room full of people behind one address.
pub const OPENINGS_BURST: u32 = 200;

/// The body of a request, in bytes. WHIP and WHEP read descriptions, which are bounded by themselves.
pub const BODY_BYTES: u64 = 64 * 1024;
