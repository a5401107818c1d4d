//! Every limit of a TURN client. `docs/limits.md` has a row for each.

use std::time::Duration;

/// Longest message of a client, its header included, and longest datagram for it. A datagram of WebRTC has at most
/// 1,500 bytes.
pub const MAX_MESSAGE_BYTES: usize = 2 * 1024;

/// Bytes that are read from a stream at once: about five datagrams of a publisher.
pub const READ_BYTES: usize = 8 * 1024;

/// Time that a stream may have no allocation: at its start, and after the end of one.
pub const ALLOCATE_WITHIN: Duration = Duration::from_secs(10);

/// Messages on a stream without an allocation. A client needs two, and a third when its nonce is stale. Each costs an
/// HMAC.
pub const MESSAGES_BEFORE_ALLOCATION: u32 = 32;

/// Lifetime of an allocation that is not refreshed: the default of RFC 8656, section 3.2, which is the shortest too
/// (section 7.2).
pub const ALLOCATION_LIFETIME: Duration = Duration::from_secs(600);

/// Lifetime of a permission that is not refreshed (RFC 8656, section 9).
pub const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);

/// Lifetime of a channel that is not bound again (RFC 8656, section 12).
pub const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);

/// Lifetime of a nonce: RFC 8656, section 5 wants a new one at least every hour.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(3600);

/// Lifetime of credentials that begin an allocation. Pages allocate when they join, and again when they reconnect.
pub const CREDENTIALS_LIFETIME: Duration = Duration::from_secs(3600);

/// Permissions of an allocation. The permitted addresses are those that the server announces, at most 16.
pub const PERMISSIONS: usize = 16;

/// Peer addresses of an allocation that datagrams go to, each with a socket and at most one channel. All of them lead
/// to the same port of this server, so a client that reaches one needs no other.
pub const PEERS: usize = 4;

/// Bytes of datagrams that wait for a client: 0.2 s of a video of 2.5 Mbit/s.
pub const WAITING_BYTES: usize = 64 * 1024;

/// Time that the oldest waiting byte may have waited when a datagram is added: longer than one retransmission timeout
/// of TCP, shorter than what a viewer takes for a freeze.
pub const WAITING_TIME: Duration = Duration::from_millis(500);

/// Bytes of responses that wait for a client beyond the datagrams; when they are taken, its requests wait unread.
pub const RESPONSE_BYTES: usize = 4 * 1024;

/// Time in which a client takes a byte of what waits for it.
pub const TAKE_WITHIN: Duration = Duration::from_secs(10);
