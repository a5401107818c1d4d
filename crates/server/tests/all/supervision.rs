//! When a part that must live dies, the server ends, so that it is started anew.

use std::net::SocketAddr;

use crate::common;
use crate::common::{SENDING, offer, soon};
use auth::PublishOpen;
use futures_util::StreamExt;
use server::media::Media;
use server::{Config, Died, EventSink, Shutdown, serve_with};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// A media plane that takes the control plane's task with it.
#[derive(Debug)]
struct Broken {
    /// Held, so that the media plane counts as alive.
    _sink: Option<EventSink>,
}

impl Media for Broken {
    fn command(&self, command: engine::Command) {
        panic!("a broken book: {command:?}");
    }

    fn refresh_addresses(&self) {}

    fn set_public_ips(&self, _: Vec<std::net::IpAddr>) {}

    fn accept(&self, _: engine::Connection) {}

    fn give_way(&self, _: u8, _: u64) {}

    fn udp_port(&self) -> u16 {
        4000
    }

    fn candidates(&self) -> Vec<SocketAddr> {
        Vec::new()
    }
}

fn config(data: &TempDir) -> Config {
    let mut config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
    config.publish.open = Some(PublishOpen::All);
    config.data = data.path().to_owned();
    config
}

#[tokio::test]
async fn a_control_plane_that_panics_ends_the_server_and_its_connections() {
    let start = |_, sink| Ok(Box::new(Broken { _sink: Some(sink) }) as Box<dyn Media>);
    let data = tempfile::tempdir().unwrap();
    let running = serve_with(config(&data), Shutdown::default(), start).await.unwrap();
    let addr = running.addr();
    let url = format!("ws://{addr}/ws");
    let (mut host, _) = connect_async(&url).await.unwrap();
    let (mut fan, _) = connect_async(&url).await.unwrap();
    let mut idle = TcpStream::connect(addr).await.unwrap();
    futures_util::SinkExt::send(&mut host, Message::text(offer(SENDING))).await.unwrap();
    let Err(Died::Hub(reason)) = soon(running.wait()).await else { panic!("it lives") };
    assert!(reason.starts_with("a broken book: Publish"), "{reason}");
    while let Some(Ok(_)) = soon(host.next()).await {}
    while let Some(Ok(_)) = soon(fan.next()).await {}
    _ = soon(tokio::io::AsyncReadExt::read(&mut idle, &mut [0; 8])).await;
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn a_media_plane_that_is_gone_ends_the_server() {
    let start = |_, _| Ok(Box::new(Broken { _sink: None }) as Box<dyn Media>);
    let data = tempfile::tempdir().unwrap();
    let running = serve_with(config(&data), Shutdown::default(), start).await.unwrap();
    assert_eq!(soon(running.wait()).await, Err(Died::Media));
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_did_not_die() {
    let server = common::start().await;
    let mut page = server.page().await;
    server.shutdown.trigger();
    page.hear_close().await;
    // Hearing on sends our half of the goodbye.
    assert!(soon(page.socket.next()).await.is_none());
    assert_eq!(soon(server.running.wait()).await, Ok(()));
}
