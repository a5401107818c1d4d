//! Making an allocation (RFC 8656, section 7.2).

use std::net::SocketAddr;
use std::time::Instant;

use stun_types::AddressFamily;
use stun_types::attribute::{ErrorCode, XorMappedAddress};
use stun_types::message::{IntegrityKey, Message};
use stun_types::prelude::*;
use turn_types::attribute::{
    AdditionalAddressFamily, AddressErrorCode, EvenPort, Lifetime, RequestedAddressFamily,
    RequestedTransport, ReservationToken, XorRelayedAddress,
};

use super::attributes::{check_understood, optional, requested_family, required};
use super::live::{Families, Live};
use super::response::{Attributes, Refused, Transaction};
use super::{Core, State, Unallocated};
use crate::allocation::NotAllocated;
use crate::limits::ALLOCATION_LIFETIME;

/// An allocation that has no socket yet.
#[derive(Clone)]
pub(super) struct Asked {
    /// How it goes on where none is made, so that asking again gains no time.
    pub(super) before: Unallocated,
    pub(super) transaction: Transaction,
    pub(super) username: String,
    pub(super) key: IntegrityKey,
    pub(super) wanted: Wanted,
}

/// The families of the relayed addresses.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    families: Families,
    /// The one of two that is not announced.
    lacks: Option<AddressFamily>,
}

impl Core {
    /// Whether an allocation may be made, in the order of the RFC.
    pub(super) fn ask(&self, request: &Message<'_>) -> Result<(Unallocated, Wanted), Refused> {
        let State::None(before) = self.state else {
            return Err(Refused::new(ErrorCode::ALLOCATION_MISMATCH));
        };
        check_understood(request)?;
        if required::<RequestedTransport>(request)?.protocol() != RequestedTransport::UDP {
            return Err(Refused::new(ErrorCode::UNSUPPORTED_TRANSPORT_PROTOCOL));
        }
        let even_port = optional::<EvenPort>(request)?;
        let has_family = request.has_attribute(RequestedAddressFamily::TYPE);
        let additional = optional::<AdditionalAddressFamily>(request)?;
        let has_token = request.has_attribute(ReservationToken::TYPE);
        let conflicts = (has_token && (even_port.is_some() || has_family || additional.is_some()))
            || additional.as_ref().is_some_and(|it| {
                has_family
                    || it.family() != AddressFamily::IPV6
                    || even_port.as_ref().is_some_and(EvenPort::requested)
            });
        if conflicts {
            return Err(Refused::new(ErrorCode::BAD_REQUEST));
        }
        // No port is reserved, and none has another beside it.
        if has_token || even_port.is_some() {
            return Err(Refused::new(ErrorCode::INSUFFICIENT_CAPACITY));
        }
        let family = requested_family(request)?.unwrap_or(AddressFamily::IPV4);
        let wants_v6 = family == AddressFamily::IPV6 || additional.is_some();
        let is_announced = |is_ipv4| self.config.peers.relayed_ip(is_ipv4).is_some();
        let families = Families {
            v4: family == AddressFamily::IPV4 && is_announced(true),
            v6: wants_v6 && is_announced(false),
        };
        let lacks = match families {
            Families { v4: false, v6: false } => {
                return Err(Refused::new(ErrorCode::ADDRESS_FAMILY_NOT_SUPPORTED));
            }
            Families { v4: true, v6: false } => AddressFamily::IPV6,
            Families { v4: false, v6: true } => AddressFamily::IPV4,
            Families { v4: true, v6: true } => {
                return Ok((before, Wanted { families, lacks: None }));
            }
        };
        Ok((before, Wanted { families, lacks: additional.map(|_| lacks) }))
    }

    pub(in crate::allocation) fn allocated(
        &mut self,
        now: Instant,
        port: Result<u16, NotAllocated>,
    ) {
        let State::Asked(asked) = &self.state else { panic!("no allocation was asked for") };
        let Asked { before, transaction, username, key, wanted } = asked.clone();
        let Wanted { families, lacks } = wanted;
        let result = port.map(|port| {
            let id = transaction.id();
            let mut attributes = Attributes::new();
            let ips = [true, false].map(|is_ipv4| self.config.peers.relayed_ip(is_ipv4));
            for ip in ips.into_iter().flatten().filter(|ip| families.has(*ip)) {
                attributes.push(Box::new(XorRelayedAddress::new(SocketAddr::new(ip, port), id)));
            }
            if let Some(family) = lacks {
                let code = ErrorCode::builder(ErrorCode::ADDRESS_FAMILY_NOT_SUPPORTED).build();
                let error = code.expect("a code of the RFC");
                attributes.push(Box::new(AddressErrorCode::new(family, error)));
            }
            attributes.push(Box::new(Lifetime::new(ALLOCATION_LIFETIME.as_secs() as u32)));
            attributes.push(Box::new(XorMappedAddress::new(self.client, id)));
            attributes
        });
        let result = result.map_err(|why| {
            Refused::new(match why {
                NotAllocated::Full => ErrorCode::ALLOCATION_QUOTA_REACHED,
                NotAllocated::NoSocket => ErrorCode::INSUFFICIENT_CAPACITY,
            })
        });
        let is_allocated = result.is_ok();
        self.respond(now, transaction, &result, Some(&key));
        self.state = if is_allocated {
            State::Live(Live::new(username, key, families, now))
        } else {
            State::None(before)
        };
    }
}
