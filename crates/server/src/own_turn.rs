//! TURN over TLS on the port of the pages, for networks that let only TLS through. It reaches the media port and nothing
//! else (crate `turn`).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use auth::{Network, PerNetwork};
use protocol::IceServer;
use tokio::io::{AsyncRead, AsyncWrite};
use turn::{Count, Credentials, Peers};

use crate::limits::{ALLOCATIONS, ALLOCATIONS_PER_NETWORK};
use crate::media::Media;
use crate::shutdown::Shutdown;

/// The server's own TURN; clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct OwnTurn {
    credentials: Credentials,
    allocations: Allocations,
}

impl OwnTurn {
    /// With a secret of this process alone.
    pub(crate) fn new() -> Self {
        Self { credentials: Credentials::new(rand::random()), allocations: Allocations::default() }
    }

    /// The server as one client is given it, by the name or address and the port that the client came by.
    pub(crate) fn server_for(&self, host: &str) -> IceServer {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // The name in the log is no secret, and no two clients have the same.
        let label = format!("{:08x}", rand::random::<u32>());
        let (username, credential) = self.credentials.issue(&label, now.as_secs());
        IceServer {
            urls: vec![format!("turns:{}?transport=tcp", with_port(host))],
            username: Some(username),
            credential: Some(credential),
        }
    }

    /// Serves one client on a stream that begins with a STUN message. `allocated` is called when it has shown its
    /// credentials and has an allocation.
    pub(crate) async fn serve<S>(
        &self,
        stream: S,
        client: SocketAddr,
        media: &dyn Media,
        allocated: impl Fn() + Send + Sync,
        shutdown: Shutdown,
    ) where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let candidates = media.candidates();
        let config = turn::Config {
            credentials: self.credentials.clone(),
            peers: Peers::new(permitted(&candidates), media.udp_port()),
            media: SocketAddr::new(media_ip(&candidates), media.udp_port()),
        };
        let client = SocketAddr::new(client.ip().to_canonical(), client.port());
        let count = Telling { allocations: &self.allocations, allocated };
        let stop = async move { shutdown.wait().await };
        let served = turn::serve(stream, client, Arc::new(config), &count, stop).await;
        tracing::debug!(%client, ended = ?served.ended, counts = ?served.counts, "TURN client left");
    }
}

/// The addresses that a client may name: what is announced, without loopback, which means something else to the client.
fn permitted(candidates: &[SocketAddr]) -> impl Iterator<Item = IpAddr> {
    candidates.iter().map(SocketAddr::ip).filter(|ip| !ip.is_loopback())
}

/// Where the media port is reached from inside: on loopback, unless media listens on one address only.
fn media_ip(candidates: &[SocketAddr]) -> IpAddr {
    let loopback = candidates.iter().map(SocketAddr::ip).find(IpAddr::is_loopback);
    loopback.or(candidates.first().map(SocketAddr::ip)).unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// A host of a URL has the port of its scheme when it names none; that of TURN is another (RFC 7065, section 3.1).
fn with_port(host: &str) -> String {
    let has_port = host.rsplit_once(':').is_some_and(|(name, _)| {
        // Within brackets it is a part of the address.
        !name.starts_with('[') || name.ends_with(']')
    });
    if has_port { host.to_owned() } else { format!("{host}:443") }
}

/// Allocations of all clients and by network.
#[derive(Debug, Clone, Default)]
struct Allocations(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    n: usize,
    of_network: PerNetwork<usize>,
}

/// Counts the allocation of one client, and tells of it.
struct Telling<'a, F> {
    allocations: &'a Allocations,
    allocated: F,
}

impl<F: Fn()> Count for Telling<'_, F> {
    type Place = Allocated;

    fn take(&self, client: SocketAddr) -> Option<Allocated> {
        self.allocations.take(client).inspect(|_| (self.allocated)())
    }
}

/// A counted allocation.
#[derive(Debug)]
struct Allocated {
    allocations: Allocations,
    network: Network,
}

impl Allocations {
    fn take(&self, client: SocketAddr) -> Option<Allocated> {
        let network = Network::of(client.ip());
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.n >= ALLOCATIONS {
            return None;
        }
        let of_network = counted.of_network.entry(network, |n| *n == 0, || 0)?;
        if *of_network >= ALLOCATIONS_PER_NETWORK {
            return None;
        }
        *of_network += 1;
        counted.n += 1;
        Some(Allocated { allocations: self.clone(), network })
    }
}

impl Drop for Allocated {
    fn drop(&mut self) {
        let mut counted = self.allocations.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.n -= 1;
        if let Some(n) = counted.of_network.get_mut(self.network) {
            *n -= 1;
            if *n == 0 {
                counted.of_network.remove(self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_given_the_port_that_it_came_by() {
        for (host, expected) in [
            ("live.example.com", "live.example.com:443"),
            ("live.example.com:8443", "live.example.com:8443"),
            ("[2001:db8::7]", "[2001:db8::7]:443"),
            ("[2001:db8::7]:3000", "[2001:db8::7]:3000"),
        ] {
            assert_eq!(with_port(host), expected);
        }
    }

    #[test]
    fn a_client_names_no_loopback_address() {
        let candidates = ["192.0.2.1:3000", "127.0.0.1:3000", "[::1]:3000"];
        let candidates = candidates.map(|it| it.parse().unwrap());
        assert!(permitted(&candidates).eq([IpAddr::from([192, 0, 2, 1])]));
        assert_eq!(media_ip(&candidates), IpAddr::from([127, 0, 0, 1]));
    }

    #[test]
    fn a_network_has_its_number_of_allocations_and_gives_them_back() {
        let allocations = Allocations::default();
        let take = |ip: [u8; 4]| allocations.take((ip, 1).into());
        let held: Vec<_> =
            (0..ALLOCATIONS_PER_NETWORK).map_while(|_| take([192, 0, 2, 1])).collect();
        assert_eq!(held.len(), ALLOCATIONS_PER_NETWORK);
        assert!(take([192, 0, 2, 1]).is_none());
        assert!(take([192, 0, 2, 2]).is_some());
        drop(held);
        assert!(take([192, 0, 2, 1]).is_some());
        assert_eq!(allocations.0.lock().unwrap().n, 0);
    }
}
