//! Crowds and attackers: who gets in.

use media_api::Command;
use protocol::{ErrorCode, Role};

use super::world::{Query, SENDING, World};

#[test]
fn the_offer_of_a_page_that_is_gone_holds_no_place() {
    let mut w = World::new();
    w.host("");
    w.take_commands();
    for _ in 0..100 {
        let client = w.idler("192.0.2.66");
        w.drop_socket(client, None);
    }
    let closes = w.take_commands().iter().filter(|it| matches!(it, Command::Close { .. })).count();
    assert_eq!(closes, 100, "each peer closes with its socket");
    assert_eq!(w.admission.counts().1, 1, "the host's is left");
}

#[test]
fn the_last_places_are_kept_for_hosts() {
    let mut w = World::with(|setup| setup.capacity.max_peers = 40);
    for n in 0..60 {
        let fan = w.viewer(&format!("198.51.100.{n}"));
        w.take(fan);
    }
    assert_eq!(w.admission.counts().1, 38, "one in twenty is left");
    let host = w.open_as("192.0.2.1", false, Query::default());
    w.offer(host, SENDING);
    assert_eq!(w.types(host), ["answer"]);
}

#[test]
fn one_network_cannot_fill_the_server() {
    let mut w = World::new();
    w.host("");
    let mut refused = 0;
    for _ in 0..40 {
        for n in 0..20 {
            // Of one customer.
            let ip = format!("2001:db8::{n:x}");
            match w.try_open(&ip, false, Query::default()) {
                Ok(client) => w.hello(client, r#""role":"fan""#),
                Err(refusal) => {
                    assert_eq!(refusal.code, ErrorCode::RateLimited);
                    refused += 1;
                }
            }
        }
        w.seconds(1);
    }
    assert!(refused >= 400, "{refused}");
    let other = w.viewer("2001:db8:0:1::1");
    assert!(w.errors(other).is_empty());
}

#[test]
fn sessions_that_nobody_holds_make_room_before_their_time() {
    let mut w = World::with(|setup| {
        setup.capacity.max_peers = 10;
        setup.capacity.sessions_per_network = 1000;
    });
    for n in 0..200 {
        let ip = format!("198.51.100.{n}");
        let client = w.open_as(&ip, false, Query::default());
        w.hello(client, r#""role":"host""#);
        w.drop_socket(client, None);
    }
    assert!(w.admission.counts().0 < 40, "{:?}", w.admission.counts());
    let host = w.open();
    w.offer(host, SENDING);
    assert_eq!(w.types(host), ["answer"]);
}

#[test]
fn long_secrets_are_refused_and_not_kept() {
    let mut w = World::new();
    let client = w.open();
    for field in ["key", "secret"] {
        let long = "x".repeat(129);
        w.hello(client, &format!(r#""role":"host","{field}":"{long}""#));
        assert_eq!(w.errors(client), [ErrorCode::BadField], "{field}");
    }
    let longest = "x".repeat(128);
    w.hello(client, &format!(r#""role":"host","secret":"{longest}""#));
    assert_eq!(w.types(client)[0], "welcome");
}

#[test]
fn turn_credentials_expire_and_are_each_clients_own() {
    let mut w = World::with(|setup| {
        setup.ice_servers = vec![crate::IceServerConfig {
            server: protocol::IceServer {
                urls: vec!["turn:turn.example.com".into()],
                username: None,
                credential: None,
            },
            secret: Some(crate::TurnSecret("of ours".into())),
        }];
    });
    let given = |w: &mut World| {
        let client = w.open();
        w.hello(client, r#""role":"fan""#);
        let told = w.take(client);
        let Some(protocol::ServerMessage::Welcome { ice_servers, .. }) = told.first() else {
            panic!("{told:?}")
        };
        (ice_servers[0].username.clone().unwrap(), ice_servers[0].credential.clone().unwrap())
    };
    let (first, second) = (given(&mut w), given(&mut w));
    assert_ne!(first, second);
    assert!(first.0.starts_with("1700003600:s"), "an hour from now: {}", first.0);
    let silent = w.open_with(Query { role: Some(Role::Host), ..Query::default() });
    w.seconds(1);
    assert!(w.take(silent).is_empty(), "who says nothing is given nothing");
}

#[test]
fn who_has_no_session_has_no_right() {
    let mut w = World::new();
    w.basic_host();
    let id = w.default_room();
    let nobody = crate::session::SessionId(u64::MAX);
    let (cx, room) = (&mut w.hub.cx, w.hub.rooms.get_mut(&id).unwrap());
    assert!(room.authorize(cx, nobody).is_err());
    assert!(room.may_claim(cx, nobody).is_err());
}
