//! A client that reads slowly or not at all.

use std::time::Duration;

use crate::common::*;
use stun_types::message::BINDING;
use turn::Ended;
use turn::limits::{RESPONSE_BYTES, WAITING_BYTES};
use turn_types::message::REFRESH;

/// A client with a channel to the public candidate, which stops reading.
fn stuck() -> Client {
    let mut client = Client::allocated();
    assert_eq!(client.bind(0x4000, PUBLIC), 200);
    client.reads = false;
    client
}

#[test]
fn no_more_than_64_kib_of_media_wait_and_the_newest_are_dropped() {
    let mut client = stuck();
    for n in 0..200_u8 {
        client.media_sends(0, &[n; 1196]);
    }
    assert!(client.allocation.waiting().len() <= WAITING_BYTES);
    let counts = client.allocation.counts();
    assert_eq!((counts.to_client, counts.dropped), (54, 146));
    client.reads = true;
    let received = client.media_sends(0, &[200; 1196]);
    let first_bytes: Vec<u8> = received.iter().map(|it| it.on_channel().unwrap().1[0]).collect();
    assert_eq!(first_bytes, (0..54).collect::<Vec<u8>>(), "what waited is whole and in order");
    assert_eq!(client.media_sends(0, &[201; 1196]).len(), 1, "and it goes on");
}

#[test]
fn media_that_would_come_half_a_second_late_is_dropped() {
    let mut client = stuck();
    for _ in 0..100 {
        client.media_sends(0, &[0; 100]);
        client.pass(Duration::from_millis(10));
    }
    let counts = client.allocation.counts();
    assert_eq!((counts.to_client, counts.dropped), (51, 49));
}

#[test]
fn a_slow_client_can_still_refresh() {
    let mut client = stuck();
    for _ in 0..200 {
        client.media_sends(0, &[0; 1196]);
    }
    let (id, shown) = (client.next_id(), client.shown.clone());
    client.send(&request(REFRESH, id, &[], Some(&shown)));
    client.reads = true;
    let received = client.send(&[]);
    assert_eq!(received.last().unwrap().message().transaction_id(), id);
}

#[test]
fn requests_of_a_client_that_reads_no_responses_stay_unread() {
    let mut client = stuck();
    for _ in 0..200 {
        client.media_sends(0, &[0; 1196]);
    }
    let mut sent = 0;
    while client.allocation.wants_bytes() {
        let id = client.next_id();
        client.send(&request(BINDING, id, &[], None));
        sent += 1;
        assert!(sent < 1000);
    }
    assert!(client.allocation.waiting().len() <= WAITING_BYTES + RESPONSE_BYTES);
    client.reads = true;
    client.send(&[]);
    assert_eq!(client.ask(BINDING, &[], None).code(), 200, "it goes on when the client reads");
}

#[test]
fn a_client_that_reads_nothing_for_10_s_is_closed() {
    let mut client = stuck();
    client.media_sends(0, b"hello");
    client.pass(Duration::from_millis(9_999));
    assert_eq!(client.ended, None);
    client.pass(Duration::from_millis(1));
    assert_eq!(client.ended, Some(Ended::NotTaken));
}
