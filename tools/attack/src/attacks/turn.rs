//! Attacks on the server's own TURN, which is inside of TLS (RFC 8656).

use std::net::{IpAddr, SocketAddr};

use stun_types::attribute::{ErrorCode, Nonce, Realm, Username};
use stun_types::message::{
    IntegrityAlgorithm, LongTermCredentials, Message, MessageClass, MessageType, MessageWriteVec,
    Method, TransactionId,
};
use stun_types::prelude::*;
use tokio::io::AsyncReadExt;
use turn_types::attribute::{
    ChannelNumber, Data, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, SEND};

use crate::attacker::{Attacker, PATIENCE, TurnCredentials};
use crate::page::{Page, hello};
use crate::stream::Stream;
use crate::target::{Manner, Requester};

/// Addresses that a relay must not reach.
const FORBIDDEN: [&str; 6] = [
    "127.0.0.1:22",
    "[::ffff:127.0.0.1]:3000",
    "169.254.169.254:80",
    "10.0.0.1:3000",
    "224.0.0.1:3000",
    "[fe80::1]:3000",
];

/// Asks for allocations without credentials and with wrong ones, as often as the server lets it.
pub(super) async fn guesses(me: &Attacker, n: u64) -> Result<(), String> {
    let mut client = TurnClient::open(me, n).await?;
    loop {
        let guess = TurnCredentials {
            username: format!("{}:guess", u32::MAX),
            password: fastrand::u64(..).to_string(),
        };
        let shown = Some(guess).filter(|_| client.nonce.is_some());
        let answer = client.ask(ALLOCATE, &[&udp()], shown.as_ref()).await?;
        me.answered(&format!("allocate {}", answer.code));
        me.turn().await;
    }
}

/// Takes an allocation, asks for forbidden peers and for the media port, and keeps it.
pub(super) async fn allocations(me: &Attacker, n: u64) -> Result<(), String> {
    let shown = me.turn.get_or_try_init(|| credentials(me)).await?;
    let mut client = TurnClient::open(me, n).await?;
    client.ask(ALLOCATE, &[&udp()], None).await?;
    let answer = client.ask(ALLOCATE, &[&udp()], Some(shown)).await?;
    me.answered(&format!("allocate {}", answer.code));
    let Some(relayed) = answer.relayed else { return Ok(()) };
    let _held = me.hold();
    for peer in FORBIDDEN.iter().filter_map(|it| it.parse().ok()) {
        let answer = client.permit(peer, shown).await?;
        me.answered(&format!("forbidden peer {}", answer.code));
        client.send_to(peer).await?;
    }
    let media = SocketAddr::new(relayed, me.target.address.port());
    let answer = client.permit(media, shown).await?;
    me.answered(&format!("media port {}", answer.code));
    let id = TransactionId::generate();
    let channel = ChannelNumber::new(0x4000);
    let peer = XorPeerAddress::new(media, id);
    client.ask_with(CHANNEL_BIND, id, &[&channel, &peer], Some(shown)).await?;
    client.send_to(media).await?;
    let mut rest = [0; 512];
    while client.stream.read(&mut rest).await.is_ok_and(|n| n > 0) {}
    Err("closed".to_owned())
}

/// Those that the server gives a fan. They are good for every client, so one is enough.
async fn credentials(me: &Attacker) -> Result<TurnCredentials, String> {
    let manner = Manner::default();
    let mut page = Page::open(&me.target, &Requester::operator(), manner, "", PATIENCE).await?;
    page.send(&hello(&me.room)).await?;
    let heard = tokio::time::timeout(PATIENCE, page.hear_of("welcome")).await;
    let welcome = heard.map_err(|_| "no welcome".to_owned())??;
    page.leave().await;
    let servers = welcome["iceServers"].as_array().cloned().unwrap_or_default();
    let turn = servers.iter().find_map(|it| {
        let (username, password) = (it["username"].as_str()?, it["credential"].as_str()?);
        Some(TurnCredentials { username: username.to_owned(), password: password.to_owned() })
    });
    turn.ok_or_else(|| "no TURN of its own".to_owned())
}

/// One client on a stream of its own.
struct TurnClient {
    stream: Stream,
    /// Realm and nonce.
    nonce: Option<(String, String)>,
}

struct Answer {
    /// 200 of a success.
    code: u16,
    /// The address of an allocation.
    relayed: Option<IpAddr>,
}

type Attributes<'a> = &'a [&'a dyn AttributeWrite];

impl TurnClient {
    async fn open(me: &Attacker, n: u64) -> Result<Self, String> {
        let manner = Manner { resets: true, tiny_buffer: false };
        let stream = me.target.connect_turn(&me.requester(n), manner, PATIENCE).await?;
        me.connected();
        Ok(Self { stream, nonce: None })
    }

    async fn ask(
        &mut self,
        method: Method,
        attributes: Attributes<'_>,
        shown: Option<&TurnCredentials>,
    ) -> Result<Answer, String> {
        self.ask_with(method, TransactionId::generate(), attributes, shown).await
    }

    async fn ask_with(
        &mut self,
        method: Method,
        id: TransactionId,
        attributes: Attributes<'_>,
        shown: Option<&TurnCredentials>,
    ) -> Result<Answer, String> {
        let request = self.request(method, id, attributes, shown).map_err(|it| it.to_string())?;
        self.write(&request).await?;
        let bytes = tokio::time::timeout(PATIENCE, self.read()).await;
        let bytes = bytes.map_err(|_| "no answer".to_owned())??;
        let message = Message::from_bytes(&bytes).map_err(|it| it.to_string())?;
        if let (Ok(realm), Ok(nonce)) = (message.attribute::<Realm>(), message.attribute::<Nonce>())
        {
            self.nonce = Some((realm.realm().to_owned(), nonce.nonce().to_owned()));
        }
        let relayed = message.attribute::<XorRelayedAddress>().ok();
        Ok(Answer {
            code: message.attribute::<ErrorCode>().map_or(200, |it| it.code()),
            relayed: relayed.map(|it| it.addr(message.transaction_id()).ip()),
        })
    }

    fn request(
        &self,
        method: Method,
        id: TransactionId,
        attributes: Attributes<'_>,
        shown: Option<&TurnCredentials>,
    ) -> Result<Vec<u8>, stun_types::message::StunWriteError> {
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut out = Message::builder(kind, id, MessageWriteVec::new());
        for attribute in attributes {
            out.add_attribute(*attribute)?;
        }
        if let (Some(shown), Some((realm, nonce))) = (shown, &self.nonce) {
            out.add_attribute(&Username::new(&shown.username)?)?;
            out.add_attribute(&Realm::new(realm)?)?;
            out.add_attribute(&Nonce::new(nonce)?)?;
            let key = LongTermCredentials::new(shown.username.clone(), shown.password.clone());
            let key = key.to_key(realm.clone()).make_key(IntegrityAlgorithm::Sha1);
            out.add_message_integrity_with_key(&key, IntegrityAlgorithm::Sha1)?;
        }
        Ok(out.finish())
    }

    async fn permit(
        &mut self,
        peer: SocketAddr,
        shown: &TurnCredentials,
    ) -> Result<Answer, String> {
        let id = TransactionId::generate();
        let peer = XorPeerAddress::new(peer, id);
        self.ask_with(CREATE_PERMISSION, id, &[&peer], Some(shown)).await
    }

    async fn send_to(&mut self, peer: SocketAddr) -> Result<(), String> {
        let id = TransactionId::generate();
        let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
        let mut out = Message::builder(kind, id, MessageWriteVec::new());
        let added = out.add_attribute(&XorPeerAddress::new(peer, id));
        added
            .and_then(|()| out.add_attribute(&Data::new(b"hello")))
            .map_err(|it| it.to_string())?;
        self.write(&out.finish()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        super::requests::send(&mut self.stream, bytes).await
    }

    /// The next message; datagrams of a peer are passed over.
    async fn read(&mut self) -> Result<Vec<u8>, String> {
        let told = |it: std::io::Error| it.kind().to_string();
        loop {
            let mut message = vec![0; 4];
            self.stream.read_exact(&mut message).await.map_err(told)?;
            let &[first, _, a, b] = &message[..] else { return Err("no message".to_owned()) };
            let len = usize::from(u16::from_be_bytes([a, b]));
            let is_channel = first >= 0x40;
            let rest = if is_channel { len.next_multiple_of(4) } else { 16 + len };
            message.resize(4 + rest, 0);
            let body = message.get_mut(4..).unwrap_or_default();
            self.stream.read_exact(body).await.map_err(told)?;
            let is_response = !is_channel && (first & 1) == 1;
            if is_response {
                return Ok(message);
            }
        }
    }
}

fn udp() -> RequestedTransport {
    RequestedTransport::new(RequestedTransport::UDP)
}
