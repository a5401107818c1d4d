//! Who may have an allocation, and which peers it reaches: the server's own candidates and no other.

use std::time::Duration;

use crate::common::*;
use stun_types::attribute::{MessageIntegrity, Nonce, Realm, Username};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, Message, MessageClass, MessageType, MessageWriteVec,
};
use stun_types::prelude::*;
use turn_types::message::ALLOCATE;

/// Addresses that a relay must not reach, as attackers of relays try them.
const SCAN: [&str; 24] = [
    "0.0.0.0:3000",
    "0.0.0.1:3000",
    "[::]:3000",
    "[::ffff:0.0.0.0]:3000",
    "127.0.0.1:3000",
    "127.0.0.1:22",
    "127.255.255.254:3000",
    "[::1]:3000",
    "[::ffff:127.0.0.1]:3000",
    "[::127.0.0.1]:3000",
    "[::ffff:0:127.0.0.1]:3000",
    "[64:ff9b::7f00:1]:3000",
    "[2002:7f00:1::]:3000",
    "10.0.0.1:3000",
    "192.168.1.1:80",
    "192.168.1.6:3000",
    "172.17.0.1:3000",
    "169.254.169.254:80",
    "198.51.100.1:50000",
    "224.0.0.1:3000",
    "239.255.255.250:1900",
    "255.255.255.255:3000",
    "[ff02::1]:3000",
    "[fe80::1]:3000",
];

#[test]
fn a_scan_of_peers_reaches_nothing() {
    let mut client = Client::allocated();
    // Even after a permission for a candidate.
    assert_eq!(client.permit(PUBLIC), 200);
    for peer in SCAN {
        assert_eq!(client.permit(peer), 403, "{peer}");
        assert_eq!(client.bind(0x4000, peer), 403, "{peer}");
        client.send_to(peer, b"hello");
    }
    assert_eq!(client.datagrams, []);
    assert_eq!(client.allocation.counts().refused, 3 * SCAN.len() as u64);
}

#[test]
fn a_candidate_is_reached_at_the_media_port_alone() {
    let mut client = Client::allocated();
    // RFC 8656, section 9.2: the port of a permission is ignored.
    assert_eq!(client.permit("203.0.113.7:22"), 200);
    for peer in ["203.0.113.7:22", "203.0.113.7:0", "203.0.113.7:2999", "203.0.113.7:65535"] {
        assert_eq!(client.bind(0x4000, peer), 403, "{peer}");
        client.send_to(peer, b"hello");
    }
    assert_eq!(client.datagrams, []);
    client.send_to(PUBLIC, b"hello");
    assert_eq!(client.datagrams, [(0, b"hello".to_vec())]);
}

#[test]
fn a_candidate_in_its_ipv4_mapped_form_is_that_candidate_and_no_second_peer() {
    let mut client = Client::allocated();
    assert_eq!(client.permit("[::ffff:203.0.113.7]:3000"), 200);
    client.send_to("[::ffff:203.0.113.7]:3000", b"hello");
    client.send_to(PUBLIC, b"hello");
    let sockets: Vec<usize> = client.datagrams.iter().map(|it| it.0).collect();
    assert_eq!(sockets, [0, 0]);
}

#[test]
fn without_credentials_a_client_is_asked_for_them() {
    let mut client = Client::new();
    let response = client.ask(ALLOCATE, &[&udp()], None);
    assert_eq!(response.code(), 401);
    assert!(response.has::<Realm>() && response.has::<Nonce>());
    assert!(!response.has::<MessageIntegrity>());
}

#[test]
fn wrong_credentials_are_refused() {
    let right = Client::greeted().shown;
    let elsewhere = turn::Credentials::new([8; 32]).issue("test", UNIX);
    let (later, _) = credentials().issue("test", UNIX + 1_000_000);
    let wrong = [
        Shown { password: "guess".into(), ..right.clone() },
        Shown { password: String::new(), ..right.clone() },
        Shown { username: later, ..right.clone() },
        Shown { username: "alice".into(), ..right.clone() },
        Shown { username: elsewhere.0, password: elsewhere.1, ..right.clone() },
        Shown { realm: "elsewhere".into(), ..right.clone() },
    ];
    for shown in wrong {
        let mut client = Client::greeted();
        let response = client.ask(ALLOCATE, &[&udp()], Some(&shown));
        assert_eq!(response.code(), 401, "{}", shown.username);
        assert!(response.has::<Realm>() && response.has::<Nonce>());
    }
    assert_eq!(Client::greeted().ask(ALLOCATE, &[&udp()], Some(&right)).code(), 200);
}

#[test]
fn expired_credentials_begin_nothing_and_an_allocation_outlives_its_own() {
    let mut late = Client::greeted();
    (late.shown.username, late.shown.password) = credentials().issue("test", UNIX - 3_600);
    assert_eq!(late.request(ALLOCATE, &[&udp()]).code(), 401);

    let mut client = Client::allocated();
    for _ in 0..20 {
        client.pass(Duration::from_secs(540));
        let mut response = client.refresh(600);
        if response.code() == 438 {
            client.take_nonce(&response);
            response = client.refresh(600);
        }
        assert_eq!(response.code(), 200);
    }
    assert_eq!(client.permit(PUBLIC), 200);
    // What began it begins no second one.
    assert_eq!(client.refresh(0).code(), 200);
    assert_eq!(client.request(ALLOCATE, &[&udp()]).code(), 401);
}

#[test]
fn an_allocation_is_changed_by_its_own_user_only() {
    let mut client = Client::allocated();
    let own = client.shown.clone();
    (client.shown.username, client.shown.password) = credentials().issue("another", UNIX);
    assert_eq!(client.refresh(0).code(), 441);
    assert_eq!((client.permit(PUBLIC), client.bind(0x4000, PUBLIC)), (441, 441));
    client.shown = own;
    assert_eq!(client.refresh(600).code(), 200);
}

#[test]
fn a_nonce_is_of_one_stream_and_for_an_hour() {
    let mut client = Client::greeted();
    let own = client.shown.nonce.clone();
    client.shown.nonce = "nonce of another stream".into();
    let response = client.request(ALLOCATE, &[&udp()]);
    assert_eq!(response.code(), 438);
    client.take_nonce(&response);
    assert_eq!(client.shown.nonce, own);
    assert_eq!(client.request(ALLOCATE, &[&udp()]).code(), 200);

    for _ in 0..6 {
        client.pass(Duration::from_secs(590));
        assert_eq!(client.refresh(600).code(), 200);
    }
    client.pass(Duration::from_secs(61));
    let response = client.refresh(600);
    assert_eq!(response.code(), 438);
    client.take_nonce(&response);
    assert_ne!(client.shown.nonce, own);
    assert_eq!(client.refresh(600).code(), 200);
}

#[test]
fn a_request_that_is_signed_but_does_not_say_by_whom_is_malformed() {
    let shown = Client::greeted().shown;
    let attributes: [Box<dyn AttributeWrite>; 3] = [
        Box::new(Username::new(&shown.username).unwrap()),
        Box::new(Realm::new(&shown.realm).unwrap()),
        Box::new(Nonce::new(&shown.nonce).unwrap()),
    ];
    for missing in 0..attributes.len() {
        let mut client = Client::greeted();
        let kind = MessageType::from_class_method(MessageClass::Request, ALLOCATE);
        let mut out = Message::builder(kind, 1.into(), MessageWriteVec::new());
        out.add_attribute(&udp()).unwrap();
        for (_, it) in attributes.iter().enumerate().filter(|(at, _)| *at != missing) {
            out.add_attribute(it.as_ref()).unwrap();
        }
        out.add_message_integrity_with_key(&shown.key(), IntegrityAlgorithm::Sha1).unwrap();
        assert_eq!(client.send(&out.finish())[0].code(), 400);
    }
}

#[test]
fn attributes_behind_the_signature_count_for_nothing() {
    let mut client = Client::allocated();
    let shown = client.shown.clone();
    let id = client.next_id();
    let signed = request(turn_types::message::CREATE_PERMISSION, id, &[], Some(&shown));
    // XOR-PEER-ADDRESS of the public candidate, appended by somebody on the way.
    let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
    let mut donor = Message::builder(kind, id, MessageWriteVec::new());
    donor.add_attribute(&turn_types::attribute::XorPeerAddress::new(addr(PUBLIC), id)).unwrap();
    let mut forged = [signed, donor.finish()[20..].to_vec()].concat();
    let len = (forged.len() - 20) as u16;
    forged[2..4].copy_from_slice(&len.to_be_bytes());
    assert_eq!(client.send(&forged)[0].code(), 400);
    client.send_to(PUBLIC, b"hello");
    assert_eq!(client.datagrams, []);
}
