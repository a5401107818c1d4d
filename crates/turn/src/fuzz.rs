//! Properties that hold for any input of a client. Each function is the body of a fuzz target; `tests/fuzz.rs` runs
//! them briefly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use stun_types::attribute::{AttributeType, Nonce, RawAttribute, Realm, Username};
use stun_types::message::{
    IntegrityAlgorithm, LongTermCredentials, Message, MessageClass, MessageType, MessageWriteVec,
    Method,
};
use stun_types::prelude::*;
use turn_types::attribute::RequestedTransport;
use turn_types::message::ALLOCATE;

use crate::limits::{MAX_MESSAGE_BYTES, PEERS, RESPONSE_BYTES, WAITING_BYTES};
use crate::{Allocation, Config, Credentials, Ended, Output, Peers, Start};

/// What came of a stream.
#[derive(Default, PartialEq)]
struct Outcome {
    /// For the media port, by peer.
    datagrams: Vec<(usize, Vec<u8>)>,
    /// For the client.
    bytes: Vec<u8>,
    ended: Option<Ended>,
}

/// A client, and what it shows.
struct Fuzzed {
    allocation: Allocation,
    now: Instant,
    username: String,
    password: String,
    nonce: String,
}

impl Fuzzed {
    fn new() -> Self {
        let credentials = Credentials::new([7; 32]);
        let (username, password) = credentials.issue("fuzz", 1_000);
        let (now, random) = (Instant::now(), [9; 16]);
        let nonce = credentials.nonce(&random, 0);
        let ips =
            ["203.0.113.7", "192.168.1.5", "2001:db8::7"].map(|ip| ip.parse().expect("an address"));
        let media = SocketAddr::from(([127, 0, 0, 1], 3000));
        let config = Arc::new(Config { credentials, peers: Peers::new(ips, 3000), media });
        let client = SocketAddr::from(([198, 51, 100, 1], 50_000));
        let allocation = Allocation::new(config, client, Start { now, unix: 1_000, random });
        Self { allocation, now, username, password, nonce }
    }

    /// With an allocation.
    fn allocated() -> Self {
        let mut it = Self::new();
        let transport = RequestedTransport::new(RequestedTransport::UDP);
        let request = it.signed(ALLOCATE, |out| out.add_attribute(&transport).is_ok());
        assert_eq!(it.run(&[&request]).ended, None);
        it
    }

    fn signed(
        &self,
        method: Method,
        attributes: impl FnOnce(&mut MessageWriteVec) -> bool,
    ) -> Vec<u8> {
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut out = Message::builder(kind, 77.into(), MessageWriteVec::new());
        let fits = "a short attribute";
        out.add_attribute(&Username::new(&self.username).expect(fits)).expect(fits);
        out.add_attribute(&Realm::new("kaibo").expect(fits)).expect(fits);
        out.add_attribute(&Nonce::new(&self.nonce).expect(fits)).expect(fits);
        attributes(&mut out);
        let credentials = LongTermCredentials::new(self.username.clone(), self.password.clone());
        let credentials = credentials.to_key("kaibo".to_owned()).into();
        out.add_message_integrity(&credentials, IntegrityAlgorithm::Sha1).expect(fits);
        out.finish()
    }

    /// Sends these pieces of a stream.
    fn run(&mut self, pieces: &[&[u8]]) -> Outcome {
        let mut outcome = Outcome::default();
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let space = self.allocation.space();
                let n = space.len().min(rest.len());
                assert!(n > 0, "there is room for the rest of a message");
                space[..n].copy_from_slice(&rest[..n]);
                self.allocation.received(n);
                rest = &rest[n..];
                let ended = self.drain(&mut outcome);
                self.read(&mut outcome);
                if ended.is_some() {
                    return Outcome { ended, ..outcome };
                }
            }
        }
        outcome
    }

    fn drain(&mut self, outcome: &mut Outcome) -> Option<Ended> {
        loop {
            let until = match self.allocation.poll_output(self.now) {
                Output::Wait(until) => until,
                Output::Close(ended) => return Some(ended),
                Output::Datagram { peer, data } => {
                    assert!(peer < PEERS && data.len() < MAX_MESSAGE_BYTES);
                    outcome.datagrams.push((peer, data.to_vec()));
                    continue;
                }
                Output::Allocate => {
                    self.allocation.allocated(self.now, Ok(40_000));
                    continue;
                }
                Output::Release => continue,
            };
            if self.allocation.wants_bytes() {
                assert!(until > self.now);
                return None;
            }
            self.read(outcome);
        }
    }

    fn read(&mut self, outcome: &mut Outcome) {
        let waiting = self.allocation.waiting();
        let n = waiting.len();
        assert!(n <= WAITING_BYTES + RESPONSE_BYTES);
        outcome.bytes.extend_from_slice(waiting);
        self.allocation.written(self.now, n);
    }
}

/// A stream does the same wherever it is cut, with and without an allocation.
pub fn stream(data: &[u8]) {
    for begin in [Fuzzed::new, Fuzzed::allocated] {
        let whole = begin().run(&[data]);
        let cut = data.first().map_or(0, |at| usize::from(*at) % data.len());
        let bytewise: Vec<&[u8]> = data.chunks(1).collect();
        for pieces in [&[&data[..cut], &data[cut..]][..], &bytewise] {
            assert!(begin().run(pieces) == whole);
        }
    }
}

/// A request with any attributes from a client with credentials is answered once, and reaches no peer of its choice.
///
/// The first byte is the method. Then attributes: a type of two bytes, a length of one byte, the value.
pub fn request(data: &[u8]) {
    let Some((method, mut rest)) = data.split_first() else { return };
    let mut client = Fuzzed::allocated();
    let request = client.signed(Method::new(u16::from(*method) & 0xF), |out| {
        while let [a, b, len, tail @ ..] = rest {
            let (value, tail) = tail.split_at(usize::from(*len).min(tail.len()));
            rest = tail;
            let kind = AttributeType::new(u16::from_be_bytes([*a & 0x80, *b]));
            let is_end = matches!(kind.value(), 0x0008 | 0x001C | 0x8028);
            let attribute = RawAttribute::new(kind, value);
            if is_end || out.len() > 1_700 || out.add_attribute(&attribute).is_err() {
                break;
            }
        }
        true
    });
    let outcome = client.run(&[&request]);
    assert!(outcome.datagrams.is_empty() && outcome.ended.is_none());
    if !outcome.bytes.is_empty() {
        let response = Message::from_bytes(&outcome.bytes).expect("one whole message");
        assert!(response.is_response() && response.transaction_id() == 77.into());
    }
}
