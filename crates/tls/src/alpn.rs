//! The protocols inside TLS, as clients name them (RFC 7301).

/// HTTP/2 (RFC 9113, section 3.2).
pub const ALPN_H2: &[u8] = b"h2";
/// HTTP/1.1 (RFC 7301, section 6).
pub const ALPN_HTTP1: &[u8] = b"http/1.1";
/// TLS-ALPN-01 (RFC 8737, section 6.2).
pub const ALPN_ACME: &[u8] = b"acme-tls/1";
/// TURN over TLS (RFC 7443).
pub const ALPN_TURN: &[u8] = b"stun.turn";
