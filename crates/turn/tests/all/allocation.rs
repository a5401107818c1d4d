//! What a TURN client may do with an allocation, and for how long.

use std::time::Duration;

use crate::common::*;
use stun_types::AddressFamily;
use stun_types::attribute::{UnknownAttributes, XorMappedAddress};
use stun_types::message::BINDING;
use turn::limits::{PEERS, PERMISSIONS};
use turn::{Ended, NotAllocated};
use turn_types::attribute::{
    AdditionalAddressFamily, AddressErrorCode, ChannelNumber, Data, DontFragment, EvenPort,
    Lifetime, RequestedAddressFamily, RequestedTransport, ReservationToken, XorPeerAddress,
    XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

const MINUTE: Duration = Duration::from_secs(60);

fn relayed(response: &Received) -> Vec<String> {
    let message = response.message();
    let id = message.transaction_id();
    (0..2)
        .filter_map(|n| message.nth_attribute::<XorRelayedAddress>(n).ok())
        .map(|it| it.addr(id).to_string())
        .collect()
}

#[test]
fn a_client_learns_its_address_without_credentials() {
    let mut client = Client::new();
    let response = client.ask(BINDING, &[], None);
    let message = response.message();
    let mapped = message.attribute::<XorMappedAddress>().unwrap();
    assert_eq!(mapped.addr(message.transaction_id()), client_addr());
}

#[test]
fn an_allocation_has_the_announced_address_and_the_port_of_its_socket_for_10_minutes() {
    let mut client = Client::greeted();
    let response = client.request(ALLOCATE, &[&udp(), &Lifetime::new(3600), &DontFragment::new()]);
    assert_eq!(response.code(), 200);
    assert_eq!(relayed(&response), ["203.0.113.7:40000"]);
    let message = response.message();
    assert_eq!(message.attribute::<Lifetime>().unwrap().seconds(), 600);
    let mapped = message.attribute::<XorMappedAddress>().unwrap();
    assert_eq!(mapped.addr(message.transaction_id()), client_addr());
}

#[test]
fn families_are_those_that_the_server_announces() {
    let v6 = RequestedAddressFamily::new(AddressFamily::IPV6);
    let both = AdditionalAddressFamily::new(AddressFamily::IPV6);
    let response = Client::greeted().request(ALLOCATE, &[&udp(), &v6]);
    assert_eq!(relayed(&response), ["[2001:db8::7]:40000"]);
    let response = Client::greeted().request(ALLOCATE, &[&udp(), &both]);
    assert_eq!(relayed(&response), ["203.0.113.7:40000", "[2001:db8::7]:40000"]);
    assert!(!response.has::<AddressErrorCode>());
    let response = Client::greeted().request(ALLOCATE, &[&udp(), &raw(0x0017, &[3, 0, 0, 0])]);
    assert_eq!(response.code(), 440);
}

#[test]
fn a_family_that_is_not_announced_is_refused_and_told_where_the_other_is_there() {
    let mut client = Client::new();
    client.begin_anew(turn::Peers::new([addr(PUBLIC).ip()], 3000));
    let v6 = RequestedAddressFamily::new(AddressFamily::IPV6);
    assert_eq!(client.request(ALLOCATE, &[&udp(), &v6]).code(), 440);
    let both = AdditionalAddressFamily::new(AddressFamily::IPV6);
    let response = client.request(ALLOCATE, &[&udp(), &both]);
    assert_eq!(relayed(&response), ["203.0.113.7:40000"]);
    let message = response.message();
    let error = message.attribute::<AddressErrorCode>().unwrap();
    assert_eq!((error.family(), error.error().code()), (AddressFamily::IPV6, 440));
}

#[test]
fn what_an_allocation_cannot_have_is_refused_as_the_rfc_says() {
    let tcp = RequestedTransport::new(RequestedTransport::TCP);
    let family = RequestedAddressFamily::new(AddressFamily::IPV4);
    let token = ReservationToken::new(1);
    let v4_too = raw(0x8000, &[1, 0, 0, 0]);
    let v6_too = AdditionalAddressFamily::new(AddressFamily::IPV6);
    let pair = EvenPort::new(true);
    let rows: [(u16, Attributes<'_>); 12] = [
        (400, &[]),
        (400, &[&raw(0x0019, &[17])]),
        (442, &[&tcp]),
        (508, &[&udp(), &pair]),
        (508, &[&udp(), &EvenPort::new(false)]),
        (508, &[&udp(), &token]),
        (400, &[&udp(), &token, &pair]),
        (400, &[&udp(), &token, &family]),
        (400, &[&udp(), &family, &v6_too]),
        (400, &[&udp(), &v4_too]),
        (400, &[&udp(), &pair, &v6_too]),
        (420, &[&udp(), &raw(0x7777, b"what?")]),
    ];
    for (code, attributes) in rows {
        let response = Client::greeted().request(ALLOCATE, attributes);
        assert_eq!(response.code(), code, "{attributes:?}");
        if code == 420 {
            let message = response.message();
            let unknown = message.attribute::<UnknownAttributes>().unwrap();
            assert!(unknown.has_attribute(0x7777.into()));
        }
    }
}

#[test]
fn a_stream_has_one_allocation() {
    let mut client = Client::allocated();
    assert_eq!(client.request(ALLOCATE, &[&udp()]).code(), 437);
}

#[test]
fn without_an_allocation_there_is_nothing_to_change() {
    let mut client = Client::greeted();
    assert_eq!(client.refresh(600).code(), 437);
    assert_eq!(client.permit(PUBLIC), 437);
    assert_eq!(client.bind(0x4000, PUBLIC), 437);
    client.send_to(PUBLIC, b"hello");
    client.send_on(0x4000, b"hello");
    assert_eq!((client.datagrams.len(), client.allocation.counts().refused), (0, 2));
}

#[test]
fn too_many_allocations_and_too_few_sockets_are_told_apart() {
    for (why, code) in [(NotAllocated::Full, 486), (NotAllocated::NoSocket, 508)] {
        let mut client = Client::greeted();
        client.port = Err(why);
        assert_eq!(client.request(ALLOCATE, &[&udp()]).code(), code);
        client.port = Ok(RELAYED_PORT);
        assert_eq!(client.request(ALLOCATE, &[&udp()]).code(), 200, "it may try again");
    }
}

#[test]
fn asking_again_and_again_where_there_is_no_room_gains_no_time() {
    let mut client = Client::greeted();
    client.port = Err(NotAllocated::Full);
    for _ in 0..9 {
        client.pass(Duration::from_secs(1));
        assert_eq!(client.request(ALLOCATE, &[&udp()]).code(), 486);
    }
    client.pass(Duration::from_secs(1));
    assert_eq!(client.ended, Some(Ended::NoAllocation));
}

#[test]
fn an_allocation_lives_as_long_as_it_is_refreshed() {
    let mut client = Client::allocated();
    for _ in 0..6 {
        client.pass(9 * MINUTE);
        let response = client.refresh(3600);
        assert_eq!(response.message().attribute::<Lifetime>().unwrap().seconds(), 600);
    }
    client.pass(9 * MINUTE + Duration::from_secs(59));
    assert_eq!((client.released, client.ended), (0, None));
    client.pass(Duration::from_secs(1));
    assert_eq!((client.released, client.ended), (1, None));
    client.pass(Duration::from_secs(10));
    assert_eq!(client.ended, Some(Ended::NoAllocation));
}

#[test]
fn an_allocation_that_its_client_ends_gives_its_socket_back_and_another_may_follow() {
    let mut client = Client::allocated();
    assert_eq!(client.permit(PUBLIC), 200);
    client.send_to(PUBLIC, b"hello");
    let response = client.refresh(0);
    assert_eq!(response.message().attribute::<Lifetime>().unwrap().seconds(), 0);
    assert_eq!(client.released, 1);
    assert_eq!(client.request(ALLOCATE, &[&udp()]).code(), 200);
    client.send_to(PUBLIC, b"hello");
    assert_eq!(client.datagrams.len(), 1, "permissions are not those of the first");
}

#[test]
fn a_refresh_of_the_other_family_is_refused() {
    let mut client = Client::allocated();
    let v6 = RequestedAddressFamily::new(AddressFamily::IPV6);
    assert_eq!(client.request(REFRESH, &[&v6]).code(), 443);
}

#[test]
fn a_stream_without_an_allocation_ends_after_10_s() {
    let mut silent = Client::new();
    let mut slow = Client::greeted();
    for client in [&mut silent, &mut slow] {
        client.pass(Duration::from_millis(9_999));
        assert_eq!(client.ended, None);
        client.pass(Duration::from_millis(1));
        assert_eq!(client.ended, Some(Ended::NoAllocation));
    }
}

#[test]
fn a_stream_that_asks_and_asks_without_credentials_ends() {
    let mut client = Client::new();
    for _ in 0..32 {
        assert_eq!(client.ask(ALLOCATE, &[&udp()], None).code(), 401);
    }
    let id = client.next_id();
    client.send(&request(BINDING, id, &[], None));
    assert_eq!(client.ended, Some(Ended::TooManyMessages));
}

#[test]
fn a_permission_passes_datagrams_both_ways_for_5_minutes() {
    let mut client = Client::allocated();
    client.send_to(PUBLIC, b"early");
    assert_eq!(client.permit("203.0.113.7:1"), 200);
    client.send_to(PUBLIC, b"hello");
    assert_eq!(client.datagrams, [(0, b"hello".to_vec())]);
    let received = client.media_sends(0, b"answer");
    assert_eq!(received[0].peer_and_data(), (addr(PUBLIC), b"answer".to_vec()));
    client.pass(5 * MINUTE - Duration::from_millis(1));
    assert_eq!(client.media_sends(0, b"late").len(), 1);
    client.pass(Duration::from_millis(1));
    client.send_to(PUBLIC, b"too late");
    assert_eq!(client.media_sends(0, b"too late"), []);
    assert_eq!(client.datagrams.len(), 1);
    let counts = client.allocation.counts();
    assert_eq!((counts.to_media, counts.to_client, counts.refused, counts.dropped), (1, 2, 2, 1));
    assert_eq!(client.permit(PUBLIC), 200);
    client.send_to(PUBLIC, b"again");
    assert_eq!(client.datagrams[1], (0, b"again".to_vec()), "the peer keeps its socket");
}

#[test]
fn a_channel_passes_datagrams_both_ways_for_10_minutes() {
    let mut client = Client::allocated();
    assert_eq!(client.bind(0x4000, PUBLIC), 200);
    client.send_on(0x4000, b"hello");
    assert_eq!(client.datagrams, [(0, b"hello".to_vec())]);
    assert_eq!(client.media_sends(0, b"answer")[0].on_channel(), Some((0x4000, &b"answer"[..])));
    assert_eq!(client.media_sends(0, b"")[0].0, [0x40, 0, 0, 0]);
    client.pass(9 * MINUTE);
    client.refresh(600);
    assert_eq!(client.media_sends(0, b"late").len(), 1, "a channel is a permission");
    client.pass(MINUTE);
    client.send_on(0x4000, b"too late");
    assert_eq!(client.media_sends(0, b"too late"), []);
    assert_eq!(client.datagrams.len(), 1);
    assert_eq!(client.bind(0x4001, PUBLIC), 200, "its peer is free for another");
}

#[test]
fn an_answer_comes_from_the_candidate_that_was_asked() {
    let mut client = Client::allocated();
    for peer in [PUBLIC, LAN] {
        assert_eq!(client.permit(peer), 200);
    }
    client.send_to(PUBLIC, b"check");
    client.send_to(LAN, b"check");
    client.send_to(PUBLIC, b"check");
    let sockets: Vec<usize> = client.datagrams.iter().map(|it| it.0).collect();
    assert_eq!(sockets, [0, 1, 0]);
    assert_eq!(client.media_sends(1, b"answer")[0].peer_and_data().0, addr(LAN));
    assert_eq!(client.media_sends(0, b"answer")[0].peer_and_data().0, addr(PUBLIC));
    assert_eq!(client.media_sends(2, b"answer"), []);
}

#[test]
fn a_channel_has_one_peer_and_a_peer_one_channel() {
    let mut client = Client::allocated();
    assert_eq!(client.bind(0x4000, PUBLIC), 200);
    assert_eq!(client.bind(0x4000, PUBLIC), 200);
    assert_eq!(client.bind(0x4000, LAN), 400);
    assert_eq!(client.bind(0x4001, PUBLIC), 400);
    assert_eq!(client.bind(0x4FFF, LAN), 200);
    for number in [0, 0x3FFF, 0x5000, 0x7FFE, 0xFFFF] {
        assert_eq!(client.bind(number, PUBLIC), 400, "{number:#x}");
    }
    let peer = |n| XorPeerAddress::new(addr(PUBLIC), (n as u128).into());
    assert_eq!(client.request(CHANNEL_BIND, &[&peer(1)]).code(), 400);
    assert_eq!(client.request(CHANNEL_BIND, &[&ChannelNumber::new(0x4002)]).code(), 400);
    assert_eq!(client.request(CREATE_PERMISSION, &[]).code(), 400);
}

#[test]
fn a_peer_of_another_family_than_the_allocation_is_refused() {
    let mut client = Client::allocated();
    assert_eq!((client.permit(V6), client.bind(0x4000, V6)), (443, 443));
}

#[test]
fn one_peer_that_is_not_permitted_spoils_the_whole_request() {
    let mut client = Client::allocated();
    let id = client.next_id();
    let good = XorPeerAddress::new(addr(PUBLIC), id);
    let bad = XorPeerAddress::new(addr("192.168.1.6:3000"), id);
    let shown = client.shown.clone();
    let received = client.send(&request(CREATE_PERMISSION, id, &[&good, &bad], Some(&shown)));
    assert_eq!(received[0].code(), 403);
    client.send_to(PUBLIC, b"hello");
    assert_eq!(client.datagrams, []);
}

#[test]
fn a_client_has_few_peers_and_permissions() {
    let mut client = Client::new();
    let ips = (0..=PERMISSIONS as u8).map(|n| [203, 0, 113, n].into());
    client.begin_anew(turn::Peers::new(ips, 3000));
    assert_eq!(client.request(ALLOCATE, &[&udp()]).code(), 200);
    let peer = |n: usize| format!("203.0.113.{n}:3000");
    for n in 0..PEERS {
        assert_eq!(client.bind(0x4000 + n as u16, &peer(n)), 200);
    }
    assert_eq!(client.bind(0x4100, &peer(PEERS)), 508);
    for n in 0..PERMISSIONS {
        assert_eq!(client.permit(&peer(n)), 200);
    }
    assert_eq!(client.permit(&peer(PERMISSIONS)), 508);
    assert_eq!(client.permit(&peer(0)), 200, "those that are there are renewed");
    client.send_to(&peer(PEERS), b"hello");
    assert_eq!((client.datagrams.len(), client.allocation.counts().refused), (0, 1));
    client.pass(5 * MINUTE);
    assert_eq!(client.permit(&peer(PERMISSIONS)), 200, "the others have expired");
}

#[test]
fn indications_that_lack_something_or_have_too_much_are_dropped() {
    let mut client = Client::allocated();
    assert_eq!(client.permit(PUBLIC), 200);
    let id = client.next_id();
    let (peer, data) = (XorPeerAddress::new(addr(PUBLIC), id), Data::new(b"hello"));
    let fine: Attributes<'_> = &[&peer, &data, &DontFragment::new()];
    let unknown = raw(0x7777, b"");
    let wrong: [Attributes<'_>; 4] = [&[&peer], &[&data], &[], &[&peer, &data, &unknown]];
    for attributes in wrong {
        assert_eq!(client.send(&indication(attributes, id)), []);
    }
    assert_eq!(client.datagrams, []);
    assert_eq!(client.send(&indication(fine, id)), []);
    assert_eq!(client.datagrams, [(0, b"hello".to_vec())]);
}

#[test]
fn what_is_no_message_ends_the_stream_and_what_is_none_of_ours_is_passed_over() {
    let mut client = Client::allocated();
    let connect = request(turn_types::message::CONNECT, 1.into(), &[], None);
    let cut_attribute = b"\x00\x03\x00\x04\x21\x12\xA4\x42abcdefghijkl\x00\x06\x00\x50";
    assert_eq!(client.send(&connect), []);
    assert_eq!(client.send(cut_attribute), []);
    assert_eq!((client.ended, client.ask(BINDING, &[], None).code()), (None, 200));
    client.send(b"GET / HTTP/1.1\r\n");
    assert_eq!(client.ended, Some(Ended::Malformed));
}
