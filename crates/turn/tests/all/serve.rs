//! A TURN client on a stream of tokio, and the media port on a socket of the system.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::*;
use stun_types::attribute::{Nonce, Realm};
use stun_types::message::{BINDING, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use turn::{Count, Ended, Served, serve};
use turn_types::attribute::{ChannelNumber, Data, Lifetime, XorPeerAddress, XorRelayedAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

/// Places that are left.
#[derive(Debug, Clone)]
struct Places(Arc<AtomicUsize>);

struct Place(Places);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count for Places {
    type Place = Place;

    fn take(&self, client: SocketAddr) -> Option<Place> {
        assert_eq!(client, client_addr());
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| it.checked_sub(1));
        left.ok().map(|_| Place(self.clone()))
    }
}

impl Places {
    fn left(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A client at one end of a stream.
struct Client {
    stream: DuplexStream,
    shown: Shown,
    bytes: Vec<u8>,
    places: Places,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Served>,
}

/// A client, and a server whose media port is `media`. The stream carries at most `window` bytes that are not read yet.
fn connect(media: SocketAddr, window: usize) -> Client {
    let (stream, theirs) = tokio::io::duplex(window);
    let (username, password) = credentials().issue("test", unix());
    let places = Places(Arc::new(AtomicUsize::new(1)));
    let (stop, stopped) = oneshot::channel::<()>();
    let count = places.clone();
    let served = tokio::spawn(async move {
        let stopped = async {
            if stopped.await.is_err() {
                std::future::pending().await
            }
        };
        serve(theirs, client_addr(), config(media), &count, stopped).await
    });
    let shown = Shown { username, password, realm: String::new(), nonce: String::new() };
    Client { stream, shown, bytes: Vec::new(), places, stop: Some(stop), served }
}

fn unix() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn media_port() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

impl Client {
    async fn received(&mut self) -> Received {
        loop {
            if let Some(received) = split_first(&mut self.bytes) {
                return received;
            }
            assert!(self.stream.read_buf(&mut self.bytes).await.unwrap() > 0, "the stream ended");
        }
    }

    async fn ask(&mut self, method: Method, attributes: Attributes<'_>, sign: bool) -> Received {
        let shown = sign.then_some(&self.shown);
        let request = request(method, 7.into(), attributes, shown);
        self.stream.write_all(&request).await.unwrap();
        self.received().await
    }

    async fn allocate(&mut self) -> Received {
        let refused = self.ask(ALLOCATE, &[&udp()], false).await;
        let message = refused.message();
        self.shown.realm = message.attribute::<Realm>().unwrap().realm().to_owned();
        self.shown.nonce = message.attribute::<Nonce>().unwrap().nonce().to_owned();
        self.ask(ALLOCATE, &[&udp()], true).await
    }

    async fn bind(&mut self, channel: u16, peer: &str) {
        let peer = XorPeerAddress::new(addr(peer), 7.into());
        let response = self.ask(CHANNEL_BIND, &[&ChannelNumber::new(channel), &peer], true).await;
        assert_eq!(response.code(), 200);
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }
}

/// Takes the first message of these bytes.
fn split_first(bytes: &mut Vec<u8>) -> Option<Received> {
    let mut found = split(bytes);
    if found.is_empty() {
        return None;
    }
    let rest: Vec<u8> = found.drain(1..).flat_map(|it| it.0).collect();
    bytes.splice(..0, rest);
    found.pop()
}

fn from(media: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut datagram = [0; 2048];
    let (n, from) = media.recv_from(&mut datagram).unwrap();
    (datagram[..n].to_vec(), from)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn datagrams_go_to_the_media_port_from_loopback_and_come_back_under_the_peer_that_was_asked()
{
    let (media, address) = media_port();
    let mut client = connect(address, 64 * 1024);
    let response = client.allocate().await;
    let relayed = response.message().attribute::<XorRelayedAddress>().unwrap().addr(7.into());
    assert_eq!(relayed.ip(), addr(PUBLIC).ip());

    client.bind(0x4000, PUBLIC).await;
    client.write(&channel_data(0x4000, b"to the public address")).await;
    let (data, public) = from(&media);
    assert_eq!(
        (&data[..], public),
        (&b"to the public address"[..], SocketAddr::new(address.ip(), relayed.port()))
    );

    let lan = XorPeerAddress::new(addr(LAN), 7.into());
    assert_eq!(client.ask(CREATE_PERMISSION, &[&lan], true).await.code(), 200);
    client.write(&indication(&[&lan, &Data::new(b"to the LAN address")], 7.into())).await;
    let (data, lan) = from(&media);
    assert_eq!(data, b"to the LAN address");
    assert!(lan.ip() == public.ip() && lan.port() != public.port());

    media.send_to(b"from LAN", lan).unwrap();
    assert_eq!(client.received().await.peer_and_data(), (addr(LAN), b"from LAN".to_vec()));
    media.send_to(b"from public", public).unwrap();
    let received = client.received().await;
    assert_eq!(received.on_channel(), Some((0x4000, &b"from public"[..])));

    drop(client.stream);
    let served = client.served.await.unwrap();
    assert_eq!(served.ended, Ended::Closed);
    assert_eq!((served.counts.to_media, served.counts.to_client), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nobody_but_the_media_port_reaches_a_client() {
    let (media, address) = media_port();
    let mut client = connect(address, 64 * 1024);
    client.allocate().await;
    client.bind(0x4000, PUBLIC).await;
    client.write(&channel_data(0x4000, b"hello")).await;
    let (_, relay) = from(&media);
    let (stranger, _) = media_port();
    stranger.send_to(b"from a stranger", relay).unwrap();
    media.send_to(b"from the media port", relay).unwrap();
    let received = client.received().await;
    assert_eq!(received.on_channel(), Some((0x4000, &b"from the media port"[..])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn many_datagrams_come_whole_and_in_order_through_a_narrow_stream() {
    let (media, address) = media_port();
    // Less than a message: it is written in parts.
    let mut client = connect(address, 300);
    client.allocate().await;
    client.bind(0x4000, PUBLIC).await;
    client.write(&channel_data(0x4000, b"hello")).await;
    let (_, relay) = from(&media);
    let datagram = |n: u8| vec![n; 1100 + usize::from(n)];
    for first in (0..40).step_by(8) {
        for n in first..first + 8 {
            media.send_to(&datagram(n), relay).unwrap();
        }
        for n in first..first + 8 {
            assert_eq!(client.received().await.on_channel(), Some((0x4000, &datagram(n)[..])));
        }
    }
    for n in 0..40 {
        client.write(&channel_data(0x4000, &datagram(n))).await;
        assert_eq!(from(&media).0, datagram(n));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_media_port_that_nobody_listens_on_ends_nothing() {
    let (media, address) = media_port();
    drop(media);
    let mut client = connect(address, 64 * 1024);
    client.allocate().await;
    client.bind(0x4000, PUBLIC).await;
    for _ in 0..10 {
        client.write(&channel_data(0x4000, b"hello")).await;
        assert_eq!(client.ask(BINDING, &[], false).await.code(), 200);
    }
}

#[tokio::test]
async fn a_place_is_given_back_when_the_allocation_ends_and_when_the_stream_does() {
    let (_media, address) = media_port();
    let mut client = connect(address, 64 * 1024);
    assert_eq!(client.allocate().await.code(), 200);
    assert_eq!(client.places.left(), 0);
    assert_eq!(client.ask(REFRESH, &[&Lifetime::new(0)], true).await.code(), 200);
    assert_eq!(client.ask(ALLOCATE, &[&udp()], true).await.code(), 200, "the place is free again");
    client.stop.take().unwrap().send(()).unwrap();
    assert_eq!(client.served.await.unwrap().ended, Ended::Shutdown);
    assert_eq!(client.places.left(), 1);
}

#[tokio::test]
async fn without_a_place_a_client_is_told_so() {
    let (_media, address) = media_port();
    let mut client = connect(address, 64 * 1024);
    let _place = client.places.take(client_addr()).unwrap();
    assert_eq!(client.allocate().await.code(), 486);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_says_nothing_is_closed_after_10_s() {
    let start = Instant::now();
    let mut client = connect(addr("127.0.0.1:9"), 1024);
    // The beginning of a message.
    client.write(b"\x00\x01\x00").await;
    let served = (&mut client.served).await.unwrap();
    assert_eq!((served.ended, start.elapsed().as_secs()), (Ended::NoAllocation, 10));
    assert_eq!(client.stream.read(&mut [0]).await.unwrap(), 0);
}
