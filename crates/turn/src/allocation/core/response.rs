//! Responses and indications as bytes.

use std::net::SocketAddr;

use stun_types::attribute::{
    AttributeType, ErrorCode, Nonce as NonceAttribute, Realm, UnknownAttributes,
};
use stun_types::message::{
    IntegrityAlgorithm, IntegrityKey, Message, MessageClass, MessageType, MessageWriteMutSlice,
    Method, TransactionId,
};
use stun_types::prelude::*;
use turn_types::attribute::{Data, XorPeerAddress};
use turn_types::message::DATA;

/// Clients repeat it.
pub(super) const REALM: &str = "kaibo";

/// Attributes of a success response.
pub(super) type Attributes = Vec<Box<dyn AttributeWrite>>;

/// What a response repeats of its request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transaction {
    method: Method,
    id: TransactionId,
}

/// An error response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: u16,
    pub(super) unknown: Vec<AttributeType>,
}

impl Refused {
    pub(super) const fn new(code: u16) -> Self {
        Self { code, unknown: Vec::new() }
    }

    /// Whether it tells realm and nonce, and is not authenticated (RFC 8489, section 9.2.4).
    pub(super) const fn asks_for_credentials(&self) -> bool {
        matches!(self.code, ErrorCode::UNAUTHORIZED | ErrorCode::STALE_NONCE)
    }
}

const FITS: &str = "a response fits the space for the longest";

impl Transaction {
    pub(super) fn of(request: &Message<'_>) -> Self {
        Self { method: request.method(), id: request.transaction_id() }
    }

    pub(super) const fn id(self) -> TransactionId {
        self.id
    }

    pub(super) fn success(
        self,
        space: &mut [u8],
        attributes: &[Box<dyn AttributeWrite>],
        key: Option<&IntegrityKey>,
    ) -> usize {
        let mut out = self.begin(space, MessageClass::Success);
        for attribute in attributes {
            out.add_attribute(attribute.as_ref()).expect(FITS);
        }
        finish(out, key)
    }

    pub(super) fn error(
        self,
        space: &mut [u8],
        refused: &Refused,
        nonce: &str,
        key: Option<&IntegrityKey>,
    ) -> usize {
        let mut out = self.begin(space, MessageClass::Error);
        let code = ErrorCode::builder(refused.code).build().expect("a code of the RFC");
        out.add_attribute(&code).expect(FITS);
        if !refused.unknown.is_empty() {
            out.add_attribute(&UnknownAttributes::new(&refused.unknown)).expect(FITS);
        }
        if refused.asks_for_credentials() {
            out.add_attribute(&Realm::new(REALM).expect("a short realm")).expect(FITS);
            out.add_attribute(&NonceAttribute::new(nonce).expect("a short nonce")).expect(FITS);
        }
        finish(out, key)
    }

    fn begin(self, space: &mut [u8], class: MessageClass) -> MessageWriteMutSlice<'_> {
        let kind = MessageType::from_class_method(class, self.method);
        Message::builder(kind, self.id, MessageWriteMutSlice::new(space))
    }
}

fn finish(mut out: MessageWriteMutSlice<'_>, key: Option<&IntegrityKey>) -> usize {
    if let Some(key) = key {
        out.add_message_integrity_with_key(key, IntegrityAlgorithm::Sha1).expect(FITS);
    }
    out.finish()
}

/// Length of a datagram with the longest header: that of a Data indication with an IPv6 address.
pub(super) const fn longest_with(data: &[u8]) -> usize {
    20 + 24 + 4 + data.len().next_multiple_of(4)
}

/// A Data indication.
pub(super) fn data(space: &mut [u8], id: TransactionId, from: SocketAddr, data: &[u8]) -> usize {
    let kind = MessageType::from_class_method(MessageClass::Indication, DATA);
    let mut out = Message::builder(kind, id, MessageWriteMutSlice::new(space));
    out.add_attribute(&XorPeerAddress::new(from, id)).expect(FITS);
    out.add_attribute(&Data::new(data)).expect(FITS);
    out.finish()
}
