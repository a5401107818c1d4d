//! A TURN client, and the server's side of its stream, on a clock of the test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stun_types::attribute::{AttributeStaticType, ErrorCode, Nonce, RawAttribute, Realm, Username};
use stun_types::message::{
    IntegrityAlgorithm, IntegrityKey, LongTermCredentials, Message, MessageClass, MessageType,
    MessageWriteVec, Method, TransactionId,
};
use stun_types::prelude::*;
use turn::{Allocation, Config, Credentials, Ended, NotAllocated, Output, Peers, Start};
use turn_types::attribute::{ChannelNumber, Data, Lifetime, RequestedTransport, XorPeerAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

pub(crate) const UNIX: u64 = 1_700_000_000;
pub(crate) const PUBLIC: &str = "203.0.113.7:3000";
pub(crate) const LAN: &str = "192.168.1.5:3000";
pub(crate) const V6: &str = "[2001:db8::7]:3000";
pub(crate) const RELAYED_PORT: u16 = 40_000;

pub(crate) fn credentials() -> Credentials {
    Credentials::new([7; 32])
}

pub(crate) fn config(media: SocketAddr) -> Arc<Config> {
    let ips = [PUBLIC, LAN, V6].map(|it| addr(it).ip());
    Arc::new(Config { credentials: credentials(), peers: Peers::new(ips, 3000), media })
}

pub(crate) fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn client_addr() -> SocketAddr {
    addr("198.51.100.1:50000")
}

/// What a client shows.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) realm: String,
    pub(crate) nonce: String,
}

impl Shown {
    pub(crate) fn key(&self) -> IntegrityKey {
        let credentials = LongTermCredentials::new(self.username.clone(), self.password.clone());
        credentials.to_key(self.realm.clone()).make_key(IntegrityAlgorithm::Sha1)
    }
}

pub(crate) type Attributes<'a> = &'a [&'a dyn AttributeWrite];

pub(crate) fn request(
    method: Method,
    id: TransactionId,
    attributes: Attributes<'_>,
    shown: Option<&Shown>,
) -> Vec<u8> {
    let kind = MessageType::from_class_method(MessageClass::Request, method);
    let mut out = Message::builder(kind, id, MessageWriteVec::new());
    for attribute in attributes {
        out.add_attribute(*attribute).unwrap();
    }
    if let Some(shown) = shown {
        out.add_attribute(&Username::new(&shown.username).unwrap()).unwrap();
        out.add_attribute(&Realm::new(&shown.realm).unwrap()).unwrap();
        out.add_attribute(&Nonce::new(&shown.nonce).unwrap()).unwrap();
        out.add_message_integrity_with_key(&shown.key(), IntegrityAlgorithm::Sha1).unwrap();
    }
    out.finish()
}

pub(crate) fn udp() -> RequestedTransport {
    RequestedTransport::new(RequestedTransport::UDP)
}

pub(crate) fn indication(attributes: Attributes<'_>, id: TransactionId) -> Vec<u8> {
    let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
    let mut out = Message::builder(kind, id, MessageWriteVec::new());
    for attribute in attributes {
        out.add_attribute(*attribute).unwrap();
    }
    out.finish()
}

pub(crate) fn channel_data(number: u16, data: &[u8]) -> Vec<u8> {
    let len = (data.len() as u16).to_be_bytes();
    let mut out = [&number.to_be_bytes()[..], &len, data].concat();
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// What the server sent the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received(pub(crate) Vec<u8>);

impl Received {
    pub(crate) fn message(&self) -> Message<'_> {
        Message::from_bytes(&self.0).unwrap()
    }

    pub(crate) fn code(&self) -> u16 {
        self.message().attribute::<ErrorCode>().map_or(200, |it| it.code())
    }

    pub(crate) fn has<A: AttributeStaticType>(&self) -> bool {
        self.message().has_attribute(A::TYPE)
    }

    /// The channel, and the data on it.
    pub(crate) fn on_channel(&self) -> Option<(u16, &[u8])> {
        let &[a, b, c, d, ..] = &self.0[..] else { return None };
        let end = 4 + usize::from(u16::from_be_bytes([c, d]));
        ((0x40..0x50).contains(&a)).then(|| (u16::from_be_bytes([a, b]), &self.0[4..end]))
    }

    /// The peer and the data of a Data indication.
    pub(crate) fn peer_and_data(&self) -> (SocketAddr, Vec<u8>) {
        let message = self.message();
        let peer = message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id());
        (peer, message.attribute::<Data<'_>>().unwrap().data().to_vec())
    }
}

/// All messages in these bytes of a stream; what is left of the bytes.
pub(crate) fn split(bytes: &mut Vec<u8>) -> Vec<Received> {
    let mut found = Vec::new();
    while let [first, _, a, b, ..] = bytes[..] {
        let body = usize::from(u16::from_be_bytes([a, b]));
        let len = if first < 0x40 { 20 + body } else { 4 + body.next_multiple_of(4) };
        if bytes.len() < len {
            break;
        }
        let rest = bytes.split_off(len);
        found.push(Received(std::mem::replace(bytes, rest)));
    }
    found
}

/// A client on a stream that loses no time.
pub(crate) struct Client {
    pub(crate) allocation: Allocation,
    pub(crate) now: Instant,
    pub(crate) shown: Shown,
    /// Datagrams for the media port, by peer.
    pub(crate) datagrams: Vec<(usize, Vec<u8>)>,
    pub(crate) released: usize,
    pub(crate) ended: Option<Ended>,
    /// What allocations get.
    pub(crate) port: Result<u16, NotAllocated>,
    /// Whether the client reads what it is sent.
    pub(crate) reads: bool,
    bytes: Vec<u8>,
    transactions: u128,
}

impl Client {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let (username, password) = credentials().issue("test", UNIX);
        let start = Start { now, unix: UNIX, random: [9; 16] };
        Self {
            allocation: Allocation::new(config(addr("127.0.0.1:3000")), client_addr(), start),
            now,
            shown: Shown { username, password, realm: String::new(), nonce: String::new() },
            datagrams: Vec::new(),
            released: 0,
            ended: None,
            port: Ok(RELAYED_PORT),
            reads: true,
            bytes: Vec::new(),
            transactions: 0,
        }
    }

    /// The same stream on a server with other candidates, with realm and nonce seen.
    pub(crate) fn begin_anew(&mut self, peers: Peers) {
        let config = Config { peers, ..(*config(addr("127.0.0.1:3000"))).clone() };
        let start = Start { now: self.now, unix: UNIX, random: [9; 16] };
        self.allocation = Allocation::new(Arc::new(config), client_addr(), start);
        let refused = self.ask(ALLOCATE, &[&udp()], None);
        self.take_nonce(&refused);
    }

    /// One that has seen realm and nonce.
    pub(crate) fn greeted() -> Self {
        let mut client = Self::new();
        let refused = client.ask(ALLOCATE, &[&udp()], None);
        assert_eq!(refused.code(), 401);
        client.take_nonce(&refused);
        client
    }

    pub(crate) fn allocated() -> Self {
        let mut client = Self::greeted();
        assert_eq!(client.request(ALLOCATE, &[&udp()]).code(), 200);
        client
    }

    pub(crate) fn take_nonce(&mut self, refused: &Received) {
        let message = refused.message();
        self.shown.realm = message.attribute::<Realm>().unwrap().realm().to_owned();
        self.shown.nonce = message.attribute::<Nonce>().unwrap().nonce().to_owned();
    }

    /// A signed request and its response, whose integrity is checked where it has one.
    pub(crate) fn request(&mut self, method: Method, attributes: Attributes<'_>) -> Received {
        let shown = self.shown.clone();
        let response = self.ask(method, attributes, Some(&shown));
        if !matches!(response.code(), 401 | 438) {
            response.message().validate_integrity_with_key(&shown.key()).unwrap();
        }
        response
    }

    pub(crate) fn ask(
        &mut self,
        method: Method,
        attributes: Attributes<'_>,
        shown: Option<&Shown>,
    ) -> Received {
        let id = self.next_id();
        let received = self.send(&request(method, id, attributes, shown));
        let [response] = &received[..] else { panic!("{received:?}") };
        let message = response.message();
        assert!(message.is_response() && message.transaction_id() == id);
        assert_eq!(message.method(), method);
        response.clone()
    }

    pub(crate) fn next_id(&mut self) -> TransactionId {
        self.transactions += 1;
        self.transactions.into()
    }

    pub(crate) fn permit(&mut self, peer: &str) -> u16 {
        // The port of a permission does not matter.
        let peer = XorPeerAddress::new(addr(peer), (self.transactions + 1).into());
        self.request(CREATE_PERMISSION, &[&peer]).code()
    }

    pub(crate) fn bind(&mut self, number: u16, peer: &str) -> u16 {
        let peer = XorPeerAddress::new(addr(peer), (self.transactions + 1).into());
        self.request(CHANNEL_BIND, &[&ChannelNumber::new(number), &peer]).code()
    }

    pub(crate) fn refresh(&mut self, seconds: u32) -> Received {
        self.request(REFRESH, &[&Lifetime::new(seconds)])
    }

    pub(crate) fn send_to(&mut self, peer: &str, data: &[u8]) {
        let id = self.next_id();
        let peer = XorPeerAddress::new(addr(peer), id);
        assert_eq!(self.send(&indication(&[&peer, &Data::new(data)], id)), []);
    }

    pub(crate) fn send_on(&mut self, channel: u16, data: &[u8]) {
        assert_eq!(self.send(&channel_data(channel, data)), []);
    }

    /// Bytes of the stream, and what comes back.
    pub(crate) fn send(&mut self, mut bytes: &[u8]) -> Vec<Received> {
        while !bytes.is_empty() && self.ended.is_none() && self.allocation.wants_bytes() {
            let space = self.allocation.space();
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.allocation.received(n);
            bytes = &bytes[n..];
            self.drain();
        }
        self.read()
    }

    /// A datagram of the media port, and what the client sees of it.
    pub(crate) fn media_sends(&mut self, peer: usize, data: &[u8]) -> Vec<Received> {
        self.allocation.handle_datagram(self.now, peer, data);
        self.drain();
        self.read()
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.drain();
    }

    fn drain(&mut self) {
        while self.ended.is_none() {
            match self.allocation.poll_output(self.now) {
                Output::Allocate => self.allocation.allocated(self.now, self.port),
                Output::Datagram { peer, data } => self.datagrams.push((peer, data.to_vec())),
                Output::Release => self.released += 1,
                Output::Close(ended) => self.ended = Some(ended),
                Output::Wait(until) => {
                    assert!(until > self.now);
                    break;
                }
            }
        }
    }

    fn read(&mut self) -> Vec<Received> {
        if self.reads {
            self.bytes.extend_from_slice(self.allocation.waiting());
            let n = self.allocation.waiting().len();
            self.allocation.written(self.now, n);
        }
        split(&mut self.bytes)
    }
}

/// An attribute of any type.
pub(crate) fn raw(kind: u16, value: &[u8]) -> RawAttribute<'_> {
    RawAttribute::new(kind.into(), value)
}
