//! Requests and Send indications of a client.

use std::net::IpAddr;
use std::time::Instant;

use stun_types::AddressFamily;
use stun_types::attribute::{ErrorCode, XorMappedAddress};
use stun_types::message::{BINDING, IntegrityKey, Message};
use stun_types::prelude::*;
use turn_types::attribute::{ChannelNumber, Data, Lifetime, XorPeerAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

use super::allocate::Asked;
use super::attributes::{
    check_understood, malformed, optional, peer_of, requested_family, required,
};
use super::live::NotBound;
use super::response::{Attributes, Refused, Transaction};
use super::{Core, State, Step};
use crate::limits::ALLOCATION_LIFETIME;
use crate::outbox::LONGEST_RESPONSE;

/// RFC 8656, section 12.
const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x4FFF;

impl Core {
    pub(super) fn handle_request(&mut self, now: Instant, request: &Message<'_>) -> Step {
        let transaction = Transaction::of(request);
        match request.method() {
            BINDING => {
                let result = check_understood(request).map(|()| {
                    Vec::from([Box::new(XorMappedAddress::new(self.client, transaction.id()))
                        as Box<dyn AttributeWrite>])
                });
                self.respond(now, transaction, &result, None);
            }
            ALLOCATE | REFRESH | CREATE_PERMISSION | CHANNEL_BIND => {
                let (username, key) = match self.authenticate(now, request) {
                    Ok(client) => client,
                    Err(refused) => {
                        self.respond(now, transaction, &Err(refused), None);
                        return Step::Nothing;
                    }
                };
                if request.method() != ALLOCATE {
                    let result = self.change(now, request, &username);
                    self.respond(now, transaction, &result, Some(&key));
                    return Step::Nothing;
                }
                match self.ask(request) {
                    Ok((before, wanted)) => {
                        let asked = Asked { before, transaction, username, key, wanted };
                        self.state = State::Asked(asked);
                        return Step::Allocate;
                    }
                    Err(refused) => self.respond(now, transaction, &Err(refused), Some(&key)),
                }
            }
            // RFC 8489, section 6.3: a method that is not known is silently discarded.
            _ => {}
        }
        Step::Nothing
    }

    pub(super) fn respond(
        &mut self,
        now: Instant,
        transaction: Transaction,
        result: &Result<Attributes, Refused>,
        key: Option<&IntegrityKey>,
    ) {
        if matches!(result, Err(refused) if refused.code == ErrorCode::FORBIDDEN) {
            self.counts.refused += 1;
        }
        let nonce = self.nonce.text(now);
        self.outbox.add(now, LONGEST_RESPONSE, |space| match result {
            Ok(attributes) => transaction.success(space, attributes, key),
            Err(refused) => transaction.error(space, refused, nonce, key),
        });
    }

    /// A request about an allocation that exists.
    fn change(
        &mut self,
        now: Instant,
        request: &Message<'_>,
        username: &str,
    ) -> Result<Attributes, Refused> {
        let Some(live) = self.live() else {
            return Err(Refused::new(ErrorCode::ALLOCATION_MISMATCH));
        };
        if live.username != username {
            return Err(Refused::new(ErrorCode::WRONG_CREDENTIALS));
        }
        check_understood(request)?;
        match request.method() {
            REFRESH => self.refresh(now, request),
            CREATE_PERMISSION => self.create_permission(now, request),
            _ => self.bind_channel(now, request),
        }
    }

    fn refresh(&mut self, now: Instant, request: &Message<'_>) -> Result<Attributes, Refused> {
        let family = requested_family(request)?;
        let lifetime = optional::<Lifetime>(request)?;
        let Some(live) = self.live_mut() else {
            return Err(Refused::new(ErrorCode::ALLOCATION_MISMATCH));
        };
        let is_other = family.is_some_and(|it| match it {
            AddressFamily::IPV4 => !live.families.v4,
            AddressFamily::IPV6 => !live.families.v6,
        });
        if is_other {
            return Err(Refused::new(ErrorCode::PEER_ADDRESS_FAMILY_MISMATCH));
        }
        let seconds = if lifetime.is_some_and(|it| it.seconds() == 0) {
            self.end_allocation(now);
            0
        } else {
            live.expires = now + ALLOCATION_LIFETIME;
            ALLOCATION_LIFETIME.as_secs() as u32
        };
        Ok(vec![Box::new(Lifetime::new(seconds))])
    }

    fn create_permission(
        &mut self,
        now: Instant,
        request: &Message<'_>,
    ) -> Result<Attributes, Refused> {
        let id = request.transaction_id();
        let mut ips: Vec<IpAddr> = Vec::new();
        for (_, raw) in request.iter_attributes() {
            if raw.get_type() == XorPeerAddress::TYPE {
                let peer = XorPeerAddress::from_raw_ref(&raw).map_err(malformed)?;
                ips.push(peer.addr(id).ip().to_canonical());
            }
        }
        if ips.is_empty() {
            return Err(Refused::new(ErrorCode::BAD_REQUEST));
        }
        for ip in &ips {
            self.check_peer(*ip, self.config.peers.has_ip(*ip))?;
        }
        let permitted = self.live_mut().is_some_and(|live| live.permit(&ips, now));
        if permitted {
            Ok(Attributes::new())
        } else {
            Err(Refused::new(ErrorCode::INSUFFICIENT_CAPACITY))
        }
    }

    fn bind_channel(&mut self, now: Instant, request: &Message<'_>) -> Result<Attributes, Refused> {
        let number = required::<ChannelNumber>(request)?.channel();
        let peer = peer_of(request)?;
        if !CHANNELS.contains(&number) {
            return Err(Refused::new(ErrorCode::BAD_REQUEST));
        }
        self.check_peer(peer.ip(), self.config.peers.has(peer))?;
        let Some(live) = self.live_mut() else {
            return Err(Refused::new(ErrorCode::ALLOCATION_MISMATCH));
        };
        match live.bind(number, peer, now) {
            Ok(()) => Ok(Attributes::new()),
            Err(NotBound::Taken) => Err(Refused::new(ErrorCode::BAD_REQUEST)),
            Err(NotBound::Full) => Err(Refused::new(ErrorCode::INSUFFICIENT_CAPACITY)),
        }
    }

    /// What is no peer is forbidden first: a scan learns nothing about families.
    fn check_peer(&self, ip: IpAddr, is_peer: bool) -> Result<(), Refused> {
        if !is_peer {
            return Err(Refused::new(ErrorCode::FORBIDDEN));
        }
        if self.live().is_some_and(|live| live.families.has(ip)) {
            Ok(())
        } else {
            Err(Refused::new(ErrorCode::PEER_ADDRESS_FAMILY_MISMATCH))
        }
    }

    /// The peer of a Send indication, and where its data is in the message.
    pub(super) fn route(
        &mut self,
        now: Instant,
        message: &Message<'_>,
    ) -> Option<(usize, usize, usize)> {
        check_understood(message).ok()?;
        let address = peer_of(message).ok()?;
        let (offset, data) = message.raw_attribute_and_offset(Data::TYPE)?;
        if !self.config.peers.has(address) {
            return None;
        }
        let peer = self.live_mut()?.peer_to_send_to(address, now)?;
        // Behind the type and the length of the attribute.
        let start = offset + 4;
        Some((peer, start, start + usize::from(data.length())))
    }
}
