//! Bounds and deadlines of TCP connections.

use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Connections at once, of all networks. Each takes memory: 1 kB while it is silent, with TLS 10 kB; 10 kB after a
/// request, with TLS 20 kB, with HTTP/2 34 kB; 16 KiB more while its head is long.
pub const CONNECTIONS: usize = 10_000;

/// Connections of one network (IPv4 address or IPv6 /64): the 200 WebSockets that it may have, and some to
/// load pages with.
pub const CONNECTIONS_PER_NETWORK: usize = 256;

/// One of so many places is kept for peers on loopback: the operator's own programs and the proxy in front.
pub const LOOPBACK_SHARE: usize = 20;

/// File descriptors kept for everything but TCP connections: four for each of up to 16 media threads (two UDP
/// sockets, a poll, a waker), 64 for the runtime, the log and files, and those of [`CLOSING`].
pub const OTHER_DESCRIPTORS: usize = 192;

/// Connections that gave way and whose sockets are not closed yet, which takes their task a moment. While there are so
/// many, newcomers wait with the system: else a busy machine runs out of file descriptors.
pub const CLOSING: usize = 64;

/// The time for the head of a request, from the connection's start or from the end of the response before: a
/// connection may be idle so long between two requests. Browsers send all requests of a page at once.
pub const HEAD_WITHIN: Duration = Duration::from_secs(8);

/// The time for the body of a request, from the end of its head. The longest is 64 KiB: 7 kB/s.
pub const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The time in which a peer has to take at least one byte, while bytes wait for it.
pub const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// How often the progress of a waiting write is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A connection that waits for its peer gives way the sooner the longer ago the peer took anything; from when bytes
/// have waited so long without a break, what it takes does not count: else a peer that takes a byte a second would keep
/// its place for ever.
pub(super) const SLOW_AFTER: Duration = Duration::from_secs(30);

/// The time for the handshake of TLS, from the connection's first byte.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// TLS handshakes of one network a second, in the long run. Each costs half a millisecond of a core.
pub const HANDSHAKES_PER_SECOND: u32 = 50;

/// TLS handshakes of one network at once; more wait for their turn.
pub const HANDSHAKES_BURST: u32 = 200;

/// How long an HTTP/2 connection may be idle. Browsers keep it for the next page.
pub const HTTP2_IDLE: Duration = Duration::from_secs(60);

/// Requests that an HTTP/2 connection may have open at once. RFC 9113, section 6.5.2, advises 100 at least.
pub const HTTP2_STREAMS: u32 = 100;

/// Bytes of bodies that an HTTP/2 client may send without our credit, in one request and in all of a connection: the
/// longest body.
pub const HTTP2_WINDOW_BYTES: u32 = 64 * 1024;

/// Bytes of responses that wait for one HTTP/2 client besides those of embedded files, which are not copied.
pub const HTTP2_BUFFER_BYTES: usize = 64 * 1024;

/// After so long without a frame, an HTTP/2 client is asked whether it is there.
pub const PING_AFTER: Duration = Duration::from_secs(20);

/// The time in which it has to answer.
pub const PONG_WITHIN: Duration = Duration::from_secs(10);

/// How long an HTTP/2 client may give no credit for the rest of a response: then the connection is closed.
pub const RESPONSE_WITHIN: Duration = Duration::from_secs(30);

/// How often the waiting times of an HTTP/2 connection are looked at.
pub(super) const HTTP2_LOOK_EVERY: Duration = Duration::from_secs(5);

/// The head of a request, in bytes.
pub const HEAD_BYTES: usize = 16 * 1024;

/// Bytes that the system holds for one peer and has not sent yet. What does not fit waits with us, where it is
/// seen and costs no memory: embedded files are not copied.
pub const UNSENT_BYTES: u32 = 32 * 1024;

/// How long a connection keeps its place when all are taken, so that it can send what it came with. Newcomers wait
/// so long with the system.
pub(super) const JUST_CAME: Duration = Duration::from_millis(100);

/// Connections that the system keeps for us until we take them: a crowd that comes at once.
pub(super) const BACKLOG: i32 = 4096;

/// How many connections there may be, and whose are not held to the number of a network.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once. Fewer when the system allows fewer file descriptors.
    pub connections: usize,
    /// Connections at once of one network that is not trusted.
    pub per_network: usize,
    /// Networks that are not held to it: a proxy brings the connections of many.
    pub trusted: Vec<IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        let v4 = Ipv4Net::new_assert([127, 0, 0, 0].into(), 8);
        let v6 = Ipv6Net::new_assert(std::net::Ipv6Addr::LOCALHOST, 128);
        Self {
            connections: CONNECTIONS,
            per_network: CONNECTIONS_PER_NETWORK,
            trusted: vec![v4.into(), v6.into()],
        }
    }
}
