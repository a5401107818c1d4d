//! Asks a STUN server for our own address (RFC 8489, section 7).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use stun_types::attribute::XorMappedAddress;
use stun_types::message::{BINDING, Message, MessageClass, MessageWriteVec, TransactionId};
use stun_types::prelude::*;
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::timeout;

use crate::config::IceServerEntry;

/// The port of STUN (RFC 8489, section 8.2).
const PORT: u16 = 3478;

/// Waits between requests, doubling as RFC 8489, section 6.2.1, asks; all in all 3.5 s.
const WAITS: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_millis(1_000), Duration::from_millis(2_000)];

/// The longest wait for the server's addresses.
const LOOKUP_WITHIN: Duration = Duration::from_secs(3);

/// `HOST:PORT` of each server that speaks STUN over UDP.
pub(crate) fn servers(entries: &[IceServerEntry]) -> Vec<String> {
    let urls = entries.iter().flat_map(|it| &it.urls);
    urls.filter_map(|url| server(url)).collect()
}

/// RFC 7064, section 3.1: `stun:HOST[:PORT]`.
fn server(url: &str) -> Option<String> {
    let rest = url.strip_prefix("stun:")?;
    // Behind the bracket of an IPv6 address, or anywhere in a name.
    let has_port = rest.rsplit(']').next().is_some_and(|it| it.contains(':'));
    Some(if has_port { rest.to_owned() } else { format!("{rest}:{PORT}") })
}

/// Our address of each family, as the server sees it.
pub(super) async fn ask(server: &str) -> Vec<IpAddr> {
    let found = timeout(LOOKUP_WITHIN, lookup_host(server)).await;
    let addresses: Vec<SocketAddr> = match found {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            tracing::debug!(server, %error, "STUN server not found");
            return Vec::new();
        }
        Err(_) => return Vec::new(),
    };
    let first = |is_ipv4: bool| addresses.iter().copied().find(|it| it.is_ipv4() == is_ipv4);
    let (v4, v6) = tokio::join!(ask_at(first(true)), ask_at(first(false)));
    v4.into_iter().chain(v6).collect()
}

async fn ask_at(server: Option<SocketAddr>) -> Option<IpAddr> {
    let server = server?;
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.ok()?;
    // Only the server's datagrams come in from now on.
    socket.connect(server).await.ok()?;
    let id = TransactionId::generate();
    let kind = stun_types::message::MessageType::from_class_method(MessageClass::Request, BINDING);
    let request = Message::builder(kind, id, MessageWriteVec::new()).finish();
    for wait in WAITS {
        // What does not get out now may with the next try.
        _ = socket.send(&request).await;
        if let Ok(Some(ip)) = timeout(wait, answer(&socket, id)).await {
            return Some(ip);
        }
    }
    None
}

/// The address in the first answer to our request.
async fn answer(socket: &UdpSocket, id: TransactionId) -> Option<IpAddr> {
    let mut space = [0; 1500];
    loop {
        let n = socket.recv(&mut space).await.ok()?;
        if let Some(ip) = space.get(..n).and_then(|it| mapped(it, id)) {
            return Some(ip);
        }
    }
}

fn mapped(datagram: &[u8], id: TransactionId) -> Option<IpAddr> {
    let message = Message::from_bytes(datagram).ok()?;
    if message.transaction_id() != id || !message.has_class(MessageClass::Success) {
        return None;
    }
    let ip = message.attribute::<XorMappedAddress>().ok()?.addr(id).ip().to_canonical();
    let is_of_one = !ip.is_unspecified() && !ip.is_multicast() && !ip.is_loopback();
    is_of_one.then_some(ip)
}

#[cfg(test)]
mod tests {
    use stun_types::message::MessageType;

    use super::*;

    fn response(class: MessageClass, id: TransactionId, ip: &str) -> Vec<u8> {
        let kind = MessageType::from_class_method(class, BINDING);
        let mut out = Message::builder(kind, id, MessageWriteVec::new());
        let at = SocketAddr::new(ip.parse().unwrap(), 40_000);
        out.add_attribute(&XorMappedAddress::new(at, id)).unwrap();
        out.finish()
    }

    #[test]
    fn servers_are_read_from_their_urls() {
        let of = |url: &str| server(url);
        assert_eq!(of("stun:stun.example.com").unwrap(), "stun.example.com:3478");
        assert_eq!(of("stun:stun.example.com:19302").unwrap(), "stun.example.com:19302");
        assert_eq!(of("stun:[2001:db8::1]").unwrap(), "[2001:db8::1]:3478");
        assert_eq!(of("stun:[2001:db8::1]:3479").unwrap(), "[2001:db8::1]:3479");
        assert_eq!(of("turn:turn.example.com"), None);
        assert_eq!(of("stuns:stun.example.com"), None);
    }

    #[test]
    fn only_an_answer_to_our_own_request_counts() {
        let (id, other) = (TransactionId::from(7), TransactionId::from(8));
        let good = response(MessageClass::Success, id, "203.0.113.7");
        assert_eq!(mapped(&good, id), Some([203, 0, 113, 7].into()));
        assert_eq!(mapped(&good, other), None);
        assert_eq!(mapped(&response(MessageClass::Error, id, "203.0.113.7"), id), None);
        for nobody in ["0.0.0.0", "127.0.0.1", "224.0.0.1"] {
            assert_eq!(mapped(&response(MessageClass::Success, id, nobody), id), None);
        }
        for n in 0..good.len() {
            assert_eq!(mapped(&good[..n], id), None);
        }
    }

    #[tokio::test]
    async fn a_request_that_is_lost_is_sent_again() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let at = server.local_addr().unwrap();
        let answering = async {
            let mut space = [0; 1500];
            // The first is lost.
            server.recv_from(&mut space).await.unwrap();
            let (n, from) = server.recv_from(&mut space).await.unwrap();
            let id = Message::from_bytes(&space[..n]).unwrap().transaction_id();
            let answer = response(MessageClass::Success, id, "203.0.113.7");
            server.send_to(&answer, from).await.unwrap();
        };
        let at = at.to_string();
        let (found, ()) = tokio::join!(ask(&at), answering);
        assert_eq!(found, [IpAddr::from([203, 0, 113, 7])]);
    }
}
