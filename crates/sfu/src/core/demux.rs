//! Maps a datagram to a peer: by the ICE username fragment of a connectivity check, else by the source
//! address, else (after a NAT rebinding) by the SSRC of RTP or RTCP.
//!
//! The result is a candidate only. The peer verifies the datagram; its source address is learned only
//! after that.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use is::stun::StunMessage;

use crate::PeerId;
use crate::core::ufrag::Ufrags;
use crate::datagram::RemoteAddr;

/// The most source addresses kept per peer. A browser tries each of its interfaces; only a script uses
/// more addresses than this.
const MAX_ADDRESSES: usize = 16;

/// The minimum interval between new addresses of a peer that has had [`MAX_ADDRESSES`].
const BETWEEN_MOVES: Duration = Duration::from_secs(10);

/// The most SSRCs kept per peer, enough for audio, a video layer and its retransmissions.
const MAX_SSRCS: usize = 4;

/// How long an address belongs to the peer last heard there. A live connection sends many datagrams
/// per second.
pub(crate) const OWNERSHIP: Duration = Duration::from_secs(1);

/// Maps datagrams to peers.
#[derive(Debug, Default)]
pub(crate) struct Demux {
    by_address: HashMap<RemoteAddr, Heard>,
    by_ufrag: Ufrags,
    /// The peers that send RTP or RTCP with an SSRC. Receive-only browsers share one: they all send RTCP
    /// with SSRC 1. Each peer is under at most [`MAX_SSRCS`].
    by_ssrc: HashMap<u32, BTreeSet<PeerId>>,
    of_peer: HashMap<PeerId, Known>,
}

/// The peer last heard at an address.
#[derive(Debug, Clone, Copy)]
struct Heard {
    peer: PeerId,
    at: Instant,
}

/// The keys of one peer in the maps, oldest first, to remove them by.
#[derive(Debug, Default)]
struct Known {
    addresses: Vec<RemoteAddr>,
    ufrags: Vec<String>,
    ssrcs: Vec<u32>,
    /// The number of addresses learned since its username fragment changed. After an ICE restart all
    /// addresses are new, since the peer gathers from new ports.
    n_learned: usize,
    /// When an address was last added.
    moved_at: Option<Instant>,
}

impl Demux {
    /// The peer that a datagram may be for. That peer must verify it.
    pub(crate) fn route(
        &self,
        source: RemoteAddr,
        contents: &[u8],
        now: Instant,
    ) -> Option<PeerId> {
        // The first byte of STUN is 0 to 3 (RFC 7983, section 7). A connectivity check names its peer,
        // so its address is not looked up: that may still be another peer's.
        if *contents.first()? < 4 {
            let message = StunMessage::parse(contents).ok()?;
            if message.is_successful_binding_response() {
                // It answers one of our checks, which are only sent to addresses that sent us a check.
                return self.route_of(source);
            }
            let (local, _) = message.split_username()?;
            let peer = self.by_ufrag.peer(local)?;
            return self.may_come_from(peer, source, now).then_some(peer);
        }
        self.route_of(source).or_else(|| {
            let mut owners = self.sharers(contents);
            let only = owners.next().filter(|_| owners.next().is_none())?;
            self.may_come_from(only, source, now).then_some(only)
        })
    }

    /// The peers that send with the SSRC of this RTP or RTCP packet.
    pub(crate) fn sharers(&self, contents: &[u8]) -> impl Iterator<Item = PeerId> {
        let owners = ssrc_of(contents).and_then(|it| self.by_ssrc.get(&it));
        owners.into_iter().flatten().copied()
    }

    /// Records the SSRC of an authentic RTP or RTCP packet from a peer.
    pub(crate) fn learn_ssrc_of(&mut self, peer: PeerId, contents: &[u8]) {
        if let Some(ssrc) = ssrc_of(contents) {
            self.learn_ssrc(peer, ssrc);
        }
    }

    /// Records an SSRC that a peer sends with. Beyond [`MAX_SSRCS`] it is ignored.
    pub(crate) fn learn_ssrc(&mut self, peer: PeerId, ssrc: u32) {
        let Some(known) = self.of_peer.get_mut(&peer) else { return };
        if known.ssrcs.contains(&ssrc) || known.ssrcs.len() == MAX_SSRCS {
            return;
        }
        known.ssrcs.push(ssrc);
        self.by_ssrc.entry(ssrc).or_default().insert(peer);
    }

    /// The peer that an address belongs to.
    pub(crate) fn route_of(&self, source: RemoteAddr) -> Option<PeerId> {
        self.by_address.get(&source).map(|it| it.peer)
    }

    /// Whether a username fragment of ours is a peer's that is here.
    pub(crate) fn has_ufrag(&self, ufrag: &str) -> bool {
        self.by_ufrag.peer(ufrag).is_some()
    }

    /// Whether a peer here was heard at this address within [`OWNERSHIP`].
    pub(crate) fn holds(&self, source: RemoteAddr, now: Instant) -> bool {
        let is_live = |it: &Heard| now.saturating_duration_since(it.at) < OWNERSHIP;
        self.by_address.get(&source).is_some_and(is_live)
    }

    /// Whether a datagram for this peer from this address is processed. The session keeps each new
    /// address for its whole life, so after [`MAX_ADDRESSES`] a new one is accepted only every
    /// [`BETWEEN_MOVES`].
    fn may_come_from(&self, peer: PeerId, source: RemoteAddr, now: Instant) -> bool {
        let Some(known) = self.of_peer.get(&peer) else { return false };
        let is_late = |at: Instant| now.saturating_duration_since(at) >= BETWEEN_MOVES;
        known.n_learned < MAX_ADDRESSES
            || known.addresses.contains(&source)
            || known.moved_at.is_none_or(is_late)
    }

    /// Records our username fragment for a peer, after each negotiation.
    pub(crate) fn set_ufrag(&mut self, peer: PeerId, ufrag: &str) {
        let known = self.of_peer.entry(peer).or_default();
        if !known.ufrags.iter().any(|it| it == ufrag) {
            known.n_learned = 0;
        }
        self.by_ufrag.add(peer, &mut known.ufrags, ufrag);
    }

    /// Records that a peer verified a datagram from this address.
    ///
    /// If another peer was heard there within [`OWNERSHIP`], the address stays with it: source addresses
    /// are easily forged, and a forger must not be able to cut off the owner.
    pub(crate) fn learn(&mut self, peer: PeerId, source: RemoteAddr, now: Instant) {
        let owner = self.by_address.get_mut(&source);
        if let Some(heard) = owner {
            if heard.peer == peer {
                heard.at = now;
                return;
            }
            if now.saturating_duration_since(heard.at) < OWNERSHIP {
                return;
            }
            let other = heard.peer;
            if let Some(known) = self.of_peer.get_mut(&other) {
                known.addresses.retain(|it| *it != source);
            }
        }
        self.by_address.insert(source, Heard { peer, at: now });
        let known = self.of_peer.entry(peer).or_default();
        known.moved_at = Some(now);
        known.n_learned = known.n_learned.saturating_add(1);
        if known.addresses.len() == MAX_ADDRESSES {
            self.by_address.remove(&known.addresses.remove(0));
        }
        known.addresses.push(source);
    }

    /// Removes a peer; returns its username fragments, oldest first, and its SSRCs.
    pub(crate) fn forget(&mut self, peer: PeerId) -> (Vec<String>, Vec<u32>) {
        let Some(known) = self.of_peer.remove(&peer) else { return Default::default() };
        for address in known.addresses {
            self.by_address.remove(&address);
        }
        for ssrc in &known.ssrcs {
            if let Some(owners) = self.by_ssrc.get_mut(ssrc) {
                owners.remove(&peer);
                if owners.is_empty() {
                    self.by_ssrc.remove(ssrc);
                }
            }
        }
        self.by_ufrag.remove(&known.ufrags);
        (known.ufrags, known.ssrcs)
    }

    /// The numbers of addresses, username fragments and peers, for leak tests.
    pub(crate) fn sizes(&self) -> [usize; 3] {
        [self.by_address.len(), self.by_ufrag.len(), self.of_peer.len()]
    }
}

/// The sender's SSRC in RTP or RTCP, which is not encrypted (RFC 3550, sections 5.1 and 6.1). RFC 5761,
/// section 4, tells the two apart.
fn ssrc_of(contents: &[u8]) -> Option<u32> {
    let at = match contents {
        [128..=191, 192..=223, ..] => 4,
        [128..=191, ..] => 8,
        _ => return None,
    };
    contents.get(at..)?.first_chunk().map(|it| u32::from_be_bytes(*it))
}

/// Applies `f` to our username fragment in a connectivity check; `None` for any other datagram.
pub(crate) fn of_ufrag<T>(contents: &[u8], f: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    if *contents.first()? >= 4 {
        return None;
    }
    let message = StunMessage::parse(contents).ok()?;
    f(message.split_username()?.0)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::testing::START;

    const A: PeerId = PeerId(1);
    const B: PeerId = PeerId(2);

    fn address(n: u16) -> RemoteAddr {
        SocketAddr::from(([192, 0, 2, 1], n)).into()
    }

    #[test]
    fn a_peer_that_restarts_ice_is_heard_at_its_new_addresses_at_once() {
        let mut demux = Demux::default();
        demux.set_ufrag(A, "one");
        (0..16).for_each(|n| demux.learn(A, address(n), *START));
        assert!(!demux.may_come_from(A, address(16), *START));
        demux.set_ufrag(A, "two");
        assert!(demux.may_come_from(A, address(16), *START));
        (16..32).for_each(|n| demux.learn(A, address(n), *START));
        assert!(!demux.may_come_from(A, address(32), *START));
        assert_eq!(demux.sizes()[0], MAX_ADDRESSES, "the oldest addresses were not removed");
    }

    #[test]
    fn an_address_stays_with_its_peer_until_that_is_silent() {
        let later = *START + OWNERSHIP;
        let mut demux = Demux::default();
        demux.learn(A, address(1), *START);
        demux.learn(B, address(1), *START);
        assert_eq!(demux.route(address(1), &[128], *START), Some(A), "A was heard just now");
        demux.learn(B, address(1), later);
        assert_eq!(demux.route(address(1), &[128], later), Some(B));
        demux.forget(A);
        assert_eq!(demux.route(address(1), &[128], later), Some(B));
        demux.forget(B);
        assert_eq!(demux.route(address(1), &[128], later), None);
        assert_eq!(demux.sizes(), [0, 0, 0]);
    }

    #[test]
    fn a_peer_with_many_addresses_keeps_the_latest_and_gets_new_ones_slowly() {
        let mut demux = Demux::default();
        for n in 0..100 {
            demux.learn(A, address(n), *START);
        }
        assert_eq!(demux.sizes()[0], MAX_ADDRESSES);
        assert_eq!(demux.route(address(99), &[128], *START), Some(A));
        assert_eq!(demux.route(address(0), &[128], *START), None);
        assert!(!demux.may_come_from(A, address(200), *START));
        assert!(demux.may_come_from(A, address(99), *START));
        assert!(demux.may_come_from(A, address(200), *START + BETWEEN_MOVES));
    }

    #[test]
    fn who_comes_from_elsewhere_is_known_by_its_media_unless_another_has_the_same_ssrc() {
        let rtp = |ssrc: u8| [128, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, ssrc];
        let rtcp = |ssrc: u8| [128, 201, 0, 1, 0, 0, 0, ssrc];
        let mut demux = Demux::default();
        for (peer, ufrag) in [(A, "a"), (B, "b")] {
            demux.set_ufrag(peer, ufrag);
        }
        demux.learn_ssrc_of(A, &rtp(7));
        assert_eq!(demux.route(address(9), &rtp(7), *START), Some(A));
        assert_eq!(demux.route(address(9), &rtcp(7), *START), Some(A));
        assert_eq!(demux.route(address(9), &rtp(8), *START), None);
        for peer in [A, B] {
            demux.learn_ssrc_of(peer, &rtcp(1));
        }
        assert_eq!(demux.route(address(9), &rtcp(1), *START), None, "two peers send with SSRC 1");
        demux.learn(B, address(9), *START);
        assert_eq!(demux.route(address(9), &rtp(7), *START), Some(B), "the address comes first");
        demux.forget(A);
        demux.forget(B);
        assert_eq!((demux.route(address(8), &rtp(7), *START), demux.by_ssrc.len()), (None, 0));
    }

    #[test]
    fn an_ice_restart_keeps_the_fragment_before_it() {
        let mut demux = Demux::default();
        for ufrag in ["one", "two", "three", "four", "five", "five"] {
            demux.set_ufrag(A, ufrag);
        }
        assert_eq!(demux.sizes()[1], 4);
        assert!(demux.by_ufrag.peer("two") == Some(A) && demux.by_ufrag.peer("five") == Some(A));
    }

    #[test]
    fn a_check_without_a_username_or_with_a_foreign_one_is_for_nobody() {
        let mut demux = Demux::default();
        demux.learn(A, address(1), *START);
        assert_eq!(demux.route(address(1), &[0; 20], *START), None);
        assert_eq!(demux.route(address(1), &[], *START), None);
        assert_eq!(demux.route(address(1), &[0, 1, 0, 0], *START), None);
    }

    #[test]
    fn an_answer_to_a_check_of_ours_is_for_whom_the_address_is_known_of() {
        let reply = StunMessage::binding_reply(is::stun::TransId::new(), address(9).addr);
        let mut answer = [0; 200];
        let len = reply.to_bytes(Some(b"password"), &mut answer, |_, _| [0; 20]).unwrap();
        let answer = &answer[..len];
        let mut demux = Demux::default();
        demux.learn(A, address(1), *START);
        assert_eq!(demux.route(address(1), answer, *START), Some(A));
        assert_eq!(demux.route(address(2), answer, *START), None);
    }
}
