//! How many TLS handshakes a network may ask for: one costs as much as some thousand packets, and all that a server
//! does shares its processors.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use auth::{IpNet, Network, PerNetwork};
use tokio::time::{Instant, sleep_until};

use super::limits::{HANDSHAKE_WITHIN, HANDSHAKES_BURST, HANDSHAKES_PER_SECOND};

/// The time from one handshake of a network to the next, in the long run.
const EVERY: Duration = Duration::from_millis(1000 / HANDSHAKES_PER_SECOND as u64);

/// The handshakes of all networks. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Handshakes(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// When the next handshake of a network would have its turn, if none came in a burst. Held for a few instructions,
    /// never across an await.
    due: Mutex<PerNetwork<Instant>>,
    trusted: RwLock<Vec<IpNet>>,
}

impl fmt::Debug for Handshakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshakes").finish_non_exhaustive()
    }
}

impl Handshakes {
    /// `trusted`: networks without limits by network.
    pub(crate) fn new(trusted: Vec<IpNet>) -> Self {
        Self(Arc::new(Inner { due: Mutex::default(), trusted: RwLock::new(trusted) }))
    }

    /// Other networks have no limit from now on.
    pub(crate) fn set_trusted(&self, trusted: Vec<IpNet>) {
        *self.0.trusted.write().unwrap_or_else(PoisonError::into_inner) = trusted;
    }

    fn is_trusted(&self, peer: IpAddr) -> bool {
        let trusted = self.0.trusted.read().unwrap_or_else(PoisonError::into_inner);
        trusted.iter().any(|it| it.contains(&peer))
    }

    /// Waits until a client may shake hands; `false` when it would wait for too long.
    pub(super) async fn turn(&self, peer: IpAddr) -> bool {
        let now = Instant::now();
        match self.wait(peer.to_canonical(), now) {
            Some(Duration::ZERO) => true,
            Some(wait) => {
                sleep_until(now + wait).await;
                true
            }
            None => false,
        }
    }

    fn wait(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        // A proxy on this machine has the clients of many networks.
        let is_own =
            [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].contains(&peer);
        if is_own || self.is_trusted(peer) {
            return Some(Duration::ZERO);
        }
        let mut due = self.0.due.lock().unwrap_or_else(PoisonError::into_inner);
        let due = due.entry(Network::of(peer), |due| *due <= now, || now)?;
        let next = (*due).max(now) + EVERY;
        let wait = (next - now).saturating_sub(EVERY * HANDSHAKES_BURST);
        if wait > HANDSHAKE_WITHIN {
            return None;
        }
        *due = next;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ip: &str) -> IpAddr {
        ip.parse().unwrap()
    }

    #[test]
    fn a_burst_goes_at_once_the_next_wait_and_too_many_are_refused() {
        let handshakes = Handshakes::default();
        let now = Instant::now();
        let ask = |ip: &str, now| handshakes.wait(at(ip), now);
        for _ in 0..HANDSHAKES_BURST {
            assert_eq!(ask("192.0.2.1", now), Some(Duration::ZERO));
        }
        assert_eq!(ask("192.0.2.1", now), Some(EVERY));
        assert_eq!(ask("192.0.2.1", now), Some(2 * EVERY));
        let more = (0..10_000).filter(|_| ask("192.0.2.1", now).is_some()).count();
        assert_eq!(more, 10 * HANDSHAKES_PER_SECOND as usize - 2);
        // Another network, and the same one later.
        assert_eq!(ask("192.0.2.2", now), Some(Duration::ZERO));
        let later = now + Duration::from_secs(60);
        assert_eq!(ask("192.0.2.1", later), Some(Duration::ZERO));
    }

    #[test]
    fn this_machine_and_trusted_networks_have_no_limit() {
        let handshakes = Handshakes::new(vec!["198.51.100.0/24".parse().unwrap()]);
        let now = Instant::now();
        for ip in ["127.0.0.1", "::1", "198.51.100.7"] {
            assert!((0..10_000).all(|_| handshakes.wait(at(ip), now) == Some(Duration::ZERO)));
        }
        assert!(
            !(0..10_000).all(|_| handshakes.wait(at("127.0.0.2"), now) == Some(Duration::ZERO))
        );
        handshakes.set_trusted(vec!["127.0.0.2/32".parse().unwrap()]);
        assert_eq!(handshakes.wait(at("127.0.0.2"), now), Some(Duration::ZERO));
    }
}
