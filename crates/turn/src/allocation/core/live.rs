//! An allocation that exists: its lifetime, permissions, peers and channels.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use stun_types::message::IntegrityKey;

use crate::limits::{
    ALLOCATION_LIFETIME, CHANNEL_LIFETIME, PEERS, PERMISSION_LIFETIME, PERMISSIONS,
};

/// The families of its relayed addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Families {
    pub(super) v4: bool,
    pub(super) v6: bool,
}

impl Families {
    pub(super) const fn has(self, ip: IpAddr) -> bool {
        if ip.is_ipv4() { self.v4 } else { self.v6 }
    }
}

pub(super) struct Live {
    /// Only who knows its password may change it.
    pub(super) username: String,
    pub(super) key: IntegrityKey,
    pub(super) families: Families,
    pub(super) expires: Instant,
    /// At most [`PERMISSIONS`].
    permissions: Vec<(IpAddr, Instant)>,
    /// At most [`PEERS`]. Each keeps its index, which is that of its socket.
    peers: Vec<Peer>,
}

/// An address that the client sends to.
///
/// Each has a socket of its own. A browser checks all candidates of the server from the one relayed address, and an
/// answer counts only if it comes from the candidate that was asked (RFC 8445, section 7.2.5.2.1). All candidates lead
/// to one media port, which answers each socket, so the socket tells which candidate was asked.
struct Peer {
    address: SocketAddr,
    channel: Option<Channel>,
}

#[derive(Clone, Copy)]
struct Channel {
    number: u16,
    expires: Instant,
}

/// How a datagram gets to the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WayBack {
    Channel(u16),
    /// A Data indication with this peer address.
    Indication(SocketAddr),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotBound {
    /// The channel has another peer, or the peer another channel.
    Taken,
    /// There are too many peers.
    Full,
}

impl Live {
    pub(super) fn new(
        username: String,
        key: IntegrityKey,
        families: Families,
        now: Instant,
    ) -> Self {
        let expires = now + ALLOCATION_LIFETIME;
        Self { username, key, families, expires, permissions: Vec::new(), peers: Vec::new() }
    }

    /// Permits all of them, or none where there is no room.
    #[must_use]
    pub(super) fn permit(&mut self, ips: &[IpAddr], now: Instant) -> bool {
        let mut permissions = self.permissions.clone();
        permissions.retain(|(_, expires)| *expires > now);
        for ip in ips {
            permissions.retain(|(permitted, _)| permitted != ip);
            permissions.push((*ip, now + PERMISSION_LIFETIME));
        }
        let fits = permissions.len() <= PERMISSIONS;
        if fits {
            self.permissions = permissions;
        }
        fits
    }

    fn is_permitted(&self, ip: IpAddr, now: Instant) -> bool {
        self.permissions.iter().any(|(permitted, expires)| *permitted == ip && *expires > now)
    }

    pub(super) fn bind(
        &mut self,
        number: u16,
        address: SocketAddr,
        now: Instant,
    ) -> Result<(), NotBound> {
        let taken = self.peers.iter().any(|peer| {
            let channel = peer.channel_at(now);
            channel.is_some_and(|it| (it == number) != (peer.address == address))
        });
        if taken {
            return Err(NotBound::Taken);
        }
        let peer = self.peer(address).ok_or(NotBound::Full)?;
        let expires = now + CHANNEL_LIFETIME;
        self.peers[peer].channel = Some(Channel { number, expires });
        // As coturn does it, a channel needs no permission beside it: some clients renew only the channel.
        Ok(())
    }

    /// The peer that a Send indication is for, if there is a permission and room for a further peer.
    pub(super) fn peer_to_send_to(&mut self, address: SocketAddr, now: Instant) -> Option<usize> {
        if !self.is_permitted(address.ip(), now) && !self.has_channel(address, now) {
            return None;
        }
        self.peer(address)
    }

    pub(super) fn peer_of_channel(&self, number: u16, now: Instant) -> Option<usize> {
        self.peers.iter().position(|peer| peer.channel_at(now) == Some(number))
    }

    pub(super) fn way_back(&self, peer: usize, now: Instant) -> Option<WayBack> {
        let peer = self.peers.get(peer)?;
        match peer.channel_at(now) {
            Some(number) => Some(WayBack::Channel(number)),
            None => self
                .is_permitted(peer.address.ip(), now)
                .then_some(WayBack::Indication(peer.address)),
        }
    }

    fn has_channel(&self, address: SocketAddr, now: Instant) -> bool {
        self.peers.iter().any(|peer| peer.address == address && peer.channel_at(now).is_some())
    }

    /// The peer of this address, a new one if there is room.
    fn peer(&mut self, address: SocketAddr) -> Option<usize> {
        if let Some(known) = self.peers.iter().position(|peer| peer.address == address) {
            return Some(known);
        }
        (self.peers.len() < PEERS).then(|| {
            self.peers.push(Peer { address, channel: None });
            self.peers.len() - 1
        })
    }
}

impl Peer {
    fn channel_at(&self, now: Instant) -> Option<u16> {
        self.channel.filter(|it| it.expires > now).map(|it| it.number)
    }
}
