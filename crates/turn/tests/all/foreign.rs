//! The TURN client of another implementation (webrtc-rs) over a TCP stream.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use crate::common::{LAN, PUBLIC, addr, config, credentials, split};
use bytes::BytesMut;
use rtc_shared::{TransportContext, TransportMessage, TransportProtocol};
use rtc_turn::client::{Client, ClientConfig, Event};
use sansio::Protocol;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use turn::{Count, Ended, serve};

struct Uncounted;

impl Count for Uncounted {
    type Place = ();

    fn take(&self, _: SocketAddr) -> Option<()> {
        Some(())
    }
}

struct Foreign {
    client: Client,
    stream: TcpStream,
    transport: TransportContext,
    bytes: Vec<u8>,
}

impl Foreign {
    async fn connect(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.unwrap();
        let local_addr = stream.local_addr().unwrap();
        let unix = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let (username, password) = credentials().issue("foreign", unix);
        let config = ClientConfig {
            turn_serv_addr: server.to_string(),
            local_addr,
            transport_protocol: TransportProtocol::TCP,
            username,
            password,
            ..ClientConfig::default()
        };
        let client = Client::new(config, rtc_crypto::default_provider().unwrap()).unwrap();
        let transport = TransportContext {
            local_addr,
            peer_addr: server,
            transport_protocol: TransportProtocol::TCP,
            ecn: None,
        };
        Self { client, stream, transport, bytes: Vec::new() }
    }

    /// Sends what waits, and reads until something happens.
    async fn event(&mut self) -> Event {
        loop {
            while let Some(out) = self.client.poll_write() {
                self.stream.write_all(&out.message).await.unwrap();
            }
            if let Some(event) = self.client.poll_event() {
                return event;
            }
            assert!(self.stream.read_buf(&mut self.bytes).await.unwrap() > 0, "the stream ended");
            for received in split(&mut self.bytes) {
                let (now, transport) = (Instant::now(), self.transport);
                let message = BytesMut::from(&received.0[..]);
                self.client.handle_read(TransportMessage { now, transport, message }).unwrap();
            }
        }
    }

    async fn permit(&mut self, relayed: SocketAddr, peer: SocketAddr) -> Event {
        let mut relay = self.client.relay(relayed).unwrap();
        relay.create_permission(Instant::now(), peer).unwrap();
        self.event().await
    }

    /// Sends to a peer that echoes. Returns whether the echo came on a channel, and the echo.
    async fn echo(
        &mut self,
        relayed: SocketAddr,
        peer: SocketAddr,
        data: &[u8],
    ) -> (bool, Vec<u8>) {
        self.client.relay(relayed).unwrap().send_to(Instant::now(), data, peer).unwrap();
        let Event::DataIndicationOrChannelData(channel, from, echo) = self.event().await else {
            panic!()
        };
        assert_eq!(from, peer, "an answer comes from the candidate that was asked");
        (channel.is_some(), echo.to_vec())
    }
}

/// A media port that echoes, and the server for one client.
async fn server() -> (SocketAddr, tokio::task::JoinHandle<turn::Served>) {
    let media = UdpSocket::bind("127.0.0.1:0").unwrap();
    let config = config(media.local_addr().unwrap());
    let media = {
        media.set_nonblocking(true).unwrap();
        tokio::net::UdpSocket::from_std(media).unwrap()
    };
    tokio::spawn(async move {
        let mut datagram = [0; 2048];
        while let Ok((n, from)) = media.recv_from(&mut datagram).await {
            media.send_to(&datagram[..n], from).await.unwrap();
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (stream, client) = listener.accept().await.unwrap();
        serve(stream, client, Arc::clone(&config), &Uncounted, std::future::pending()).await
    });
    (address, served)
}

#[tokio::test]
async fn the_client_of_webrtc_rs_sends_and_receives_through_two_candidates() {
    let (address, served) = server().await;
    let mut foreign = Foreign::connect(address).await;
    foreign.client.allocate(Instant::now()).unwrap();
    let event = foreign.event().await;
    let Event::AllocateResponse(_, relayed) = event else { panic!("{event:?}") };
    assert_eq!(relayed.ip(), addr(PUBLIC).ip());

    for peer in [PUBLIC, LAN].map(addr) {
        let event = foreign.permit(relayed, peer).await;
        assert!(matches!(event, Event::CreatePermissionResponse(..)), "{event:?}");
        for (n, len) in [5, 1, 0, 1200, 1199].into_iter().enumerate() {
            let data = vec![len as u8; len];
            let (on_channel, echo) = foreign.echo(relayed, peer, &data).await;
            assert_eq!(echo, data);
            // The first is sent before the channel is bound.
            assert!(on_channel || n == 0);
        }
    }

    foreign.client.relay(relayed).unwrap().close(Instant::now()).unwrap();
    while let Some(out) = foreign.client.poll_write() {
        foreign.stream.write_all(&out.message).await.unwrap();
    }
    assert!(foreign.stream.read_buf(&mut foreign.bytes).await.unwrap() > 0);
    drop(foreign);
    let served = served.await.unwrap();
    assert_eq!(served.ended, Ended::Closed);
    assert_eq!((served.counts.to_media, served.counts.to_client), (10, 10));
}

#[tokio::test]
async fn the_client_of_webrtc_rs_reaches_no_other_peer() {
    let (address, _served) = server().await;
    let mut foreign = Foreign::connect(address).await;
    foreign.client.allocate(Instant::now()).unwrap();
    let event = foreign.event().await;
    let Event::AllocateResponse(_, relayed) = event else { panic!("{event:?}") };
    for peer in ["127.0.0.1:3000", "192.168.1.6:3000", "0.0.0.0:3000"] {
        let event = foreign.permit(relayed, addr(peer)).await;
        let Event::CreatePermissionError(_, error) = event else { panic!("{event:?}") };
        assert!(error.to_string().contains("403"), "{error}");
    }
}
