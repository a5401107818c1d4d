//! Who may not be in a room: a person, and on request nobody else of its network.

use std::collections::VecDeque;

use auth::{ClientAddr, Network};
use protocol::{Banned, DisplayName, PersonId};

use crate::limits::{BANNED_NETWORKS, BANS, DESK_BANS};

/// The bans of one room, oldest first; at most [`BANS`].
#[derive(Debug, Default)]
pub(crate) struct Bans(VecDeque<Ban>);

#[derive(Debug, Clone)]
pub(crate) struct Ban {
    pub(crate) uid: PersonId,
    pub(crate) name: DisplayName,
    /// From which nobody may be in the room; none: the ban is the person's alone.
    pub(crate) networks: Vec<Network>,
    /// In milliseconds since the Unix epoch.
    pub(crate) since: f64,
}

impl Bans {
    /// Bans a person, or changes which networks are part of its ban.
    pub(crate) fn add(&mut self, mut ban: Ban) {
        ban.networks.sort();
        ban.networks.dedup();
        ban.networks.truncate(BANNED_NETWORKS);
        if let Some(before) = self.0.iter_mut().find(|it| it.uid == ban.uid) {
            before.networks = ban.networks;
            return;
        }
        if self.0.len() >= BANS {
            self.0.pop_front();
        }
        self.0.push_back(ban);
    }

    /// Lifts a ban; it.
    pub(crate) fn lift(&mut self, uid: &PersonId) -> Option<Ban> {
        let at = self.0.iter().position(|it| it.uid == *uid)?;
        self.0.remove(at)
    }

    pub(crate) fn get(&self, uid: &PersonId) -> Option<&Ban> {
        self.0.iter().find(|it| it.uid == *uid)
    }

    pub(crate) fn has_person(&self, uid: &PersonId) -> bool {
        self.get(uid).is_some()
    }

    pub(crate) fn has_address(&self, addr: &ClientAddr) -> bool {
        let network = bannable(addr);
        network.is_some_and(|it| self.0.iter().any(|ban| ban.networks.contains(&it)))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Ban> {
        self.0.iter()
    }

    /// As hosts and moderators see them: the newest [`DESK_BANS`], newest first.
    pub(crate) fn told(&self) -> Vec<Banned> {
        let told = |ban: &Ban| Banned {
            uid: ban.uid.clone(),
            name: ban.name.clone(),
            address: !ban.networks.is_empty(),
            since: ban.since,
        };
        self.0.iter().rev().take(DESK_BANS).map(told).collect()
    }
}

/// Whether a client may not be in a room that is saved with these bans' networks.
pub(crate) fn is_banned(addr: &ClientAddr, networks: impl IntoIterator<Item = Network>) -> bool {
    bannable(addr).is_some_and(|ours| networks.into_iter().any(|it| it == ours))
}

/// The network of a client, as far as it says who that is: what comes by a proxy of this machine that names nobody is
/// everybody.
pub(crate) fn bannable(addr: &ClientAddr) -> Option<Network> {
    let is_anybody = addr.ip.to_canonical().is_loopback() && !addr.is_own_machine;
    (!is_anybody).then(|| addr.network())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(ip: &str, is_own_machine: bool) -> ClientAddr {
        ClientAddr { ip: ip.parse().unwrap(), is_own_machine, is_trusted_network: false }
    }

    fn ban(uid: &str, ip: Option<&str>) -> Ban {
        Ban {
            uid: PersonId::parse(uid).unwrap(),
            name: DisplayName::parse(uid).unwrap(),
            networks: ip.into_iter().map(|ip| addr(ip, false).network()).collect(),
            since: 0.0,
        }
    }

    #[test]
    fn a_network_is_banned_until_its_part_of_the_ban_is_lifted() {
        let mut bans = Bans::default();
        bans.add(ban("troll", Some("2001:db8::1")));
        assert!(bans.has_address(&addr("2001:db8::ffff", false)));
        assert!(!bans.has_address(&addr("2001:db8:1::1", false)));
        bans.add(ban("troll", None));
        assert!(!bans.has_address(&addr("2001:db8::1", false)));
        assert!(bans.has_person(&PersonId::parse("troll").unwrap()), "the person still is");
    }

    #[test]
    fn a_proxy_that_names_nobody_is_not_banned_for_one_of_its_clients() {
        assert_eq!(bannable(&addr("127.0.0.1", false)), None);
        assert!(bannable(&addr("127.0.0.1", true)).is_some(), "this machine is somebody");
    }

    #[test]
    fn the_oldest_ban_gives_way() {
        let mut bans = Bans::default();
        for n in 0..=BANS {
            bans.add(ban(&format!("p{n}"), None));
        }
        assert_eq!(bans.all().count(), BANS);
        assert!(!bans.has_person(&PersonId::parse("p0").unwrap()));
    }
}
