//! Attributes of what a client sends.

use std::net::SocketAddr;

use stun_types::AddressFamily;
use stun_types::attribute::{
    AttributeType, ErrorCode, MessageIntegrity, MessageIntegritySha256, Nonce, Realm, Username,
};
use stun_types::message::{Message, StunParseError};
use stun_types::prelude::*;
use turn_types::attribute::{
    ChannelNumber, Data, DontFragment, EvenPort, Lifetime, RequestedAddressFamily,
    RequestedTransport, ReservationToken, XorPeerAddress,
};

use super::response::Refused;

/// The attributes that a client must not send unless the server understands them, and that this one does.
///
/// `DONT-FRAGMENT` needs nothing: the way to the media port does not leave this machine, so nothing is fragmented.
const UNDERSTOOD: [AttributeType; 14] = [
    Username::TYPE,
    MessageIntegrity::TYPE,
    MessageIntegritySha256::TYPE,
    Realm::TYPE,
    Nonce::TYPE,
    ChannelNumber::TYPE,
    Lifetime::TYPE,
    XorPeerAddress::TYPE,
    Data::TYPE,
    RequestedAddressFamily::TYPE,
    EvenPort::TYPE,
    RequestedTransport::TYPE,
    DontFragment::TYPE,
    ReservationToken::TYPE,
];

/// Unknown attributes that an error response names.
const NAMED_UNKNOWN: usize = 16;

pub(super) fn malformed(_: StunParseError) -> Refused {
    Refused::new(ErrorCode::BAD_REQUEST)
}

pub(super) fn optional<'a, A: AttributeFromRaw<'a> + AttributeStaticType>(
    message: &'a Message<'_>,
) -> Result<Option<A>, Refused> {
    match message.attribute::<A>() {
        Ok(attribute) => Ok(Some(attribute)),
        Err(StunParseError::MissingAttribute(_)) => Ok(None),
        Err(error) => Err(malformed(error)),
    }
}

pub(super) fn required<'a, A: AttributeFromRaw<'a> + AttributeStaticType>(
    message: &'a Message<'_>,
) -> Result<A, Refused> {
    optional(message)?.ok_or_else(|| Refused::new(ErrorCode::BAD_REQUEST))
}

/// The peer of a channel or a Send indication. An IPv4-mapped address is its IPv4 address.
pub(super) fn peer_of(message: &Message<'_>) -> Result<SocketAddr, Refused> {
    let address = required::<XorPeerAddress>(message)?.addr(message.transaction_id());
    Ok(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

/// A family that the library does not know is one that is not supported.
pub(super) fn requested_family(request: &Message<'_>) -> Result<Option<AddressFamily>, Refused> {
    match request.attribute::<RequestedAddressFamily>() {
        Ok(it) => Ok(Some(it.family())),
        Err(StunParseError::MissingAttribute(_)) => Ok(None),
        Err(StunParseError::InvalidAttributeData) => {
            Err(Refused::new(ErrorCode::ADDRESS_FAMILY_NOT_SUPPORTED))
        }
        Err(error) => Err(malformed(error)),
    }
}

pub(super) fn check_understood(message: &Message<'_>) -> Result<(), Refused> {
    let types = message.iter_attributes().map(|(_, it)| it.get_type());
    let unknown = types.filter(|it| it.comprehension_required() && !UNDERSTOOD.contains(it));
    let unknown: Vec<AttributeType> = unknown.take(NAMED_UNKNOWN).collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(Refused { code: ErrorCode::UNKNOWN_ATTRIBUTE, unknown })
    }
}
