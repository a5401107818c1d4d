//! The addresses that the internet has for this server: those that the operator names, and with `auto` those that a
//! STUN server tells.

mod stun;

pub(crate) use stun::servers;

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;

use crate::Config;
use crate::config::PublicIp;
use crate::media::Media;
use crate::shutdown::Shutdown;

/// How often the STUN server is asked again: a provider may give a home another address at any time.
const ASK_EVERY: Duration = Duration::from_secs(5 * 60);

/// How soon it is asked again when it did not answer.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// The addresses now. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct PublicIps(Arc<RwLock<Vec<IpAddr>>>);

impl PublicIps {
    pub(crate) fn new(ips: Vec<IpAddr>) -> Self {
        Self(Arc::new(RwLock::new(ips)))
    }

    pub(crate) fn get(&self) -> Vec<IpAddr> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, ips: Vec<IpAddr>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ips;
    }
}

/// What is asked, and what of the addresses is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asking {
    fixed: Vec<IpAddr>,
    /// `HOST:PORT` of STUN servers; none when all addresses are named.
    servers: Vec<String>,
}

impl Asking {
    pub(crate) fn of(config: &Config) -> Self {
        let is_asked = config.public_ips.contains(&PublicIp::Auto);
        let servers = if is_asked { servers(&config.ice_servers) } else { Vec::new() };
        Self { fixed: config.named_public_ips(), servers }
    }

    /// Asks each server until one answers.
    async fn ask(&self) -> Vec<IpAddr> {
        for server in &self.servers {
            let found = stun::ask(server).await;
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// All addresses at the start. Without an answer the server starts all the same, and asks again.
    pub(crate) async fn first(&self) -> Vec<IpAddr> {
        if self.servers.is_empty() {
            return self.fixed.clone();
        }
        let found = self.ask().await;
        let servers = self.servers.join(",");
        if found.is_empty() {
            tracing::warn!(
                servers,
                "no STUN server told the public address: UDP to it may be closed; asking again in {} s",
                ASK_AGAIN_AFTER.as_secs()
            );
        } else {
            tracing::info!(addresses = listed(&found), servers, "the public address is known");
        }
        self.with_fixed(&found)
    }

    /// What servers have told of what is known: all that is not fixed, and nothing when none is asked.
    fn told(&self, known: &[IpAddr]) -> Vec<IpAddr> {
        let is_told = |ip: &&IpAddr| !self.servers.is_empty() && !self.fixed.contains(ip);
        known.iter().filter(is_told).copied().collect()
    }

    fn with_fixed(&self, found: &[IpAddr]) -> Vec<IpAddr> {
        let mut ips = self.fixed.clone();
        for ip in found {
            if !ips.contains(ip) {
                ips.push(*ip);
            }
        }
        ips
    }
}

/// Follows what servers tell, and what the operator names and asks, until the server stops.
pub(crate) async fn follow(
    mut asking: watch::Receiver<Asking>,
    now: PublicIps,
    media: Arc<dyn Media>,
    shutdown: Shutdown,
) {
    let mut told = asking.borrow().told(&now.get());
    loop {
        let wait = if told.is_empty() { ASK_AGAIN_AFTER } else { ASK_EVERY };
        let asks = !asking.borrow().servers.is_empty();
        tokio::select! {
            () = tokio::time::sleep(wait), if asks => {}
            Ok(()) = asking.changed() => {}
            () = shutdown.wait() => return,
        }
        let current = asking.borrow_and_update().clone();
        let known = now.get();
        // What is named holds at once, whatever servers say and how long they take.
        if current.servers.is_empty() {
            told.clear();
        }
        put(&now, &*media, &current.with_fixed(&told));
        told = after(&told, current.ask().await);
        let ips = current.with_fixed(&told);
        put(&now, &*media, &ips);
        if ips != known {
            tracing::info!(addresses = listed(&ips), "the public address changed");
        }
    }
}

/// Announces addresses, if they are others than before.
fn put(now: &PublicIps, media: &dyn Media, ips: &[IpAddr]) {
    if now.get() != ips {
        now.set(ips.to_vec());
        media.set_public_ips(ips.to_vec());
    }
}

/// What servers have told after one more answer. A family of which it says nothing has not lost its address.
fn after(told: &[IpAddr], found: Vec<IpAddr>) -> Vec<IpAddr> {
    let is_told = |ip: &&IpAddr| found.iter().any(|it| it.is_ipv4() == ip.is_ipv4());
    let kept: Vec<IpAddr> = told.iter().filter(|ip| !is_told(ip)).copied().collect();
    found.into_iter().chain(kept).collect()
}

fn listed(ips: &[IpAddr]) -> String {
    let ips: Vec<String> = ips.iter().map(ToString::to_string).collect();
    ips.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_stays_beside_what_is_told() {
        let asking = Asking { fixed: vec![[203, 0, 113, 7].into()], servers: Vec::new() };
        let found = vec![[203, 0, 113, 7].into(), [203, 0, 113, 8].into()];
        assert_eq!(
            asking.with_fixed(&found),
            [[203, 0, 113, 7], [203, 0, 113, 8]].map(IpAddr::from)
        );
    }

    #[test]
    fn an_answer_for_one_family_takes_no_address_of_the_other() {
        let (v4, other): (IpAddr, IpAddr) = ([203, 0, 113, 7].into(), [203, 0, 113, 8].into());
        let v6: IpAddr = "2001:db8::7".parse().unwrap();
        assert_eq!(after(&[v4], vec![v6]), [v6, v4]);
        assert_eq!(after(&[v4, v6], vec![other]), [other, v6]);
        assert_eq!(after(&[v4], Vec::new()), [v4]);
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_tells_nothing() {
        let asking =
            Asking { fixed: Vec::new(), servers: vec!["no such name.invalid:3478".into()] };
        assert!(asking.first().await.is_empty());
    }
}
