//! What the server knows of itself.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::SystemTime;

/// A server that runs, or one that would run with these settings.
#[derive(Debug, Clone)]
pub struct Server {
    /// Whether it runs. If not, its ports should be free.
    pub is_running: bool,
    /// The TCP address of the pages.
    pub listen: SocketAddr,
    /// The UDP port of media.
    pub udp_port: u16,
    /// The TCP port of plain HTTP beside HTTPS.
    pub http_port: Option<u16>,
    /// Whether that port is open. Only of a server that runs.
    pub has_http: bool,
    /// Addresses that the operator names, or a STUN server told.
    pub public_ips: Vec<IpAddr>,
    /// The addresses that are announced for media.
    pub announced: Vec<IpAddr>,
    /// The public names.
    pub domains: Vec<String>,
    /// Where the certificate comes from.
    pub https: Https,
    /// The certificates that clients are shown.
    pub certificates: Vec<Certificate>,
    /// Public names that no certificate is for, but the server's own authority's.
    pub uncovered: Vec<String>,
    /// The certificates that an ACME server is asked for.
    pub orders: Vec<Order>,
    /// Whether a setting names a proxy in front.
    pub has_proxy: bool,
    /// The data folder.
    pub data: PathBuf,
    /// TCP connections that there may be.
    pub max_connections: usize,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Https {
    /// There is no HTTPS.
    Off,
    /// From files.
    Files,
    /// From an ACME server.
    Acme,
    /// From the server's own authority.
    Local,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its names and addresses.
    pub names: Vec<String>,
    /// When it expires.
    pub not_after: SystemTime,
    /// Whether browsers trust its issuer.
    pub is_public: bool,
}

/// A certificate that an ACME server is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its names.
    pub names: String,
    /// What comes next.
    pub state: OrderState,
}

/// How far an order is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderState {
    /// It is under way.
    Ordering,
    /// The certificate is there.
    Issued {
        /// When it is renewed.
        renew_at: SystemTime,
    },
    /// The last try failed.
    Failed {
        /// In the authority's own words.
        why: String,
        /// When the next one begins.
        next_try: SystemTime,
    },
}
