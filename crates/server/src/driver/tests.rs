//! Callers that give up.

use std::net::SocketAddr;

use auth::{Auth, ClientAddr, OwnAddresses};
use control::{Admission, Capacity, Config, Door};
use media_api::Command;

use super::*;

/// Does nothing.
#[derive(Debug)]
struct NoMedia;

impl Media for NoMedia {
    fn command(&self, _: Command) {}

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

#[tokio::test]
async fn a_session_whose_caller_gave_up_before_it_joined_is_over() {
    let (client, _events, channels) = channels(TapQueue::default(), Past::off());
    let admission = Admission::new(Capacity::default(), Instant::now());
    let auth = Auth::new(auth::Config::default(), OwnAddresses { port: 0, names: Vec::new() });
    let room = RoomName::parse("room").unwrap();
    let config = Config {
        default_room: room.clone(),
        max_viewers: 10,
        host_grace: control::limits::HOST_GRACE,
        ice_servers: Vec::new(),
        record: auth::RecordPolicy::Host,
        past: Duration::ZERO,
        clips: true,
        host_codec: control::HostCodec::Fit { has_hls: false, is_mp4: true },
    };
    let hub = Hub::new(config, auth, admission.clone(), now(), || 0);
    tokio::spawn(run(hub, Arc::new(NoMedia), Keeper::default(), Happenings::default(), channels));

    let ip = "192.0.2.1".parse().unwrap();
    let addr = ClientAddr { ip, is_own_machine: false, is_trusted_network: false };
    let join = || Join {
        addr,
        via: None,
        turn: None,
        room: Some(room.clone()),
        role: Some(protocol::Role::Fan),
        wants_stage: false,
        shown: None,
        place: admission.join(&addr, Door::Http, Instant::now()).unwrap(),
    };
    let (mailbox, _inbox) = whip_whep::mailbox();
    let (reply, caller) = oneshot::channel();
    drop(caller);
    let id = client.new_client();
    client.say(Message::Join(id, join(), Credential::default(), mailbox, reply)).await;
    assert_eq!(client.room(room.clone()).await, Some(None), "nobody is in the room");

    let (mailbox, _inbox) = whip_whep::mailbox();
    let id = client.new_client();
    client.join(id, join(), Credential::default(), mailbox).await.unwrap();
    assert!(client.room(room).await.unwrap().is_some(), "who waits for it is in");
}
