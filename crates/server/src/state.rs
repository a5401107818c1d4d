//! What the handlers share.

use std::net::{IpAddr, SocketAddr};

use auth::Auth;
use control::Admission;
use protocol::{IceServer, RoomName};
use store::Store;
use tokio::sync::mpsc;
use webhooks::Webhooks;

use crate::access::Access;
use crate::archive::Archive;
use crate::config::{HTTP_PORT, HTTPS_PORT};
use crate::covers::Covers;
use crate::doctor::Doctor;
use crate::driver::HubClient;
use crate::https::Https;
use crate::idempotency::Idempotency;
use crate::in_force::InForce;
use crate::lan::lan_addresses;
use crate::metrics::Metrics;
use crate::own_turn::OwnTurn;
use crate::owner::Owner;
use crate::public_ips::PublicIps;
use crate::reload::Reload;
use crate::room_book::RoomBook;
use crate::shutdown::Shutdown;
use crate::token_keys::TokenKeys;
use crate::whip_whep::Registry;

/// Handed to every handler; clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) hub: HubClient,
    pub(crate) auth: Auth,
    pub(crate) admission: Admission,
    pub(crate) shutdown: Shutdown,
    pub(crate) sessions: Registry,
    pub(crate) doctor: Doctor,
    pub(crate) covers: Covers,
    pub(crate) room_book: RoomBook,
    pub(crate) token_keys: TokenKeys,
    pub(crate) owner: Owner,
    pub(crate) access: Access,
    pub(crate) store: Store,
    pub(crate) idempotency: Idempotency,
    /// The configuration in force, of which some may change.
    pub(crate) in_force: InForce,
    pub(crate) reload: Reload,
    /// Whether addresses of clients may be written down.
    pub(crate) logs_addresses: bool,
    pub(crate) metrics: Metrics,
    pub(crate) webhooks: Webhooks,
    pub(crate) archive: Archive,
    /// Where pages are served.
    pub(crate) listen: SocketAddr,
    /// Public names of the server.
    pub(crate) domains: Vec<String>,
    pub(crate) public_ips: PublicIps,
    /// None without HTTPS.
    pub(crate) https: Option<Https>,
    /// None without HTTPS: it needs TLS of our own.
    pub(crate) turn: Option<OwnTurn>,
    /// The path below which a proxy serves us, without a slash at its end; empty without one.
    pub(crate) base_path: String,
    /// Held by every client: when all are dropped, all clients are done.
    pub(crate) alive: mpsc::Sender<()>,
}

impl App {
    /// The room of clients that name none.
    pub(crate) fn default_room(&self) -> RoomName {
        self.in_force.get().config.default_room.clone()
    }

    /// The server's own TURN for a client that came over TLS of this server, and so can reach it: by this name or
    /// address, and port.
    pub(crate) fn turn_for(&self, tls_host: Option<&str>) -> Option<IceServer> {
        Some(self.turn.as_ref()?.server_for(tls_host?))
    }

    /// Where others find the pages, the likeliest first: the public names and addresses, then those of this machine.
    pub(crate) fn origins(&self) -> Vec<String> {
        let port = self.listen.port();
        let names = self.domains.iter().map(|name| match port {
            HTTPS_PORT => format!("https://{name}"),
            port => format!("https://{name}:{port}"),
        });
        let scheme = if self.https.is_some() { "https" } else { "http" };
        // Pages on loopback are reached by a proxy only, whose name we are not told.
        let is_open = !self.listen.ip().is_loopback();
        let public = self.public_ips.get().into_iter().filter(|_| is_open);
        let mut ips: Vec<IpAddr> = public.collect();
        for ip in lan_addresses(self.listen) {
            if !ips.contains(&ip) {
                ips.push(ip);
            }
        }
        let is_default = port == if self.https.is_some() { HTTPS_PORT } else { HTTP_PORT };
        let ips = ips.into_iter().map(|ip| match SocketAddr::new(ip, port) {
            SocketAddr::V4(at) if is_default => format!("{scheme}://{}", at.ip()),
            SocketAddr::V6(at) if is_default => format!("{scheme}://[{}]", at.ip()),
            at => format!("{scheme}://{at}"),
        });
        names.chain(ips).collect()
    }
}
