//! Full rooms and full servers: who gives way to whom.

use media_api::{Event, NegotiationError};
use protocol::{ErrorCode, Role};

use super::world::{RECEIVING, SENDING, World, in_room, offers, sending};
use crate::{Refusal, Reply, Request};

#[test]
fn in_a_full_room_the_oldest_that_has_not_answered_gives_way() {
    let mut w = World::with(|setup| setup.max_viewers = 3);
    w.host("");
    let connected = w.viewer("192.0.2.1");
    let idlers: Vec<_> = (2..4).map(|n| w.idler(&format!("192.0.2.{n}"))).collect();
    for idler in &idlers {
        w.take(*idler);
    }
    w.seconds(2);
    let late = w.viewer("192.0.2.9");
    assert!(!offers(&w.take(late)).is_empty());
    assert_eq!(w.errors(idlers[0]), [ErrorCode::RoomFull]);
    assert_eq!(w.errors(idlers[1]), [], "the younger one keeps its place");
    assert_eq!(w.close_code(connected), None);
    // Only those that are connected are left: now it is full.
    w.viewer("192.0.2.10");
    let refused = w.idler("192.0.2.11");
    assert_eq!(w.errors(refused), [ErrorCode::RoomFull]);
}

#[test]
fn a_host_that_has_lost_its_media_and_watches_takes_a_place_as_others_do() {
    let mut w = World::with(|setup| setup.max_viewers = 1);
    let host = w.basic_host();
    w.viewer("192.0.2.1");
    let publisher = w.publisher();
    w.closes(publisher, media_api::CloseReason::Requested);
    let refused = w.ask(host, Request::Watch { offer: None }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RoomFull);
}

#[test]
fn in_a_full_server_the_oldest_that_has_not_answered_gives_way_in_whatever_room() {
    let mut w = World::with(|setup| setup.capacity.max_peers = 4);
    let elsewhere = w.open_with(in_room("elsewhere"));
    w.hello(elsewhere, r#""role":"fan","room":"elsewhere""#);
    w.host("");
    let others: Vec<_> = (2..4).map(|n| w.viewer(&format!("192.0.2.{n}"))).collect();
    w.take(elsewhere);
    w.seconds(2);
    let late = w.viewer("192.0.2.9");
    assert!(!offers(&w.take(late)).is_empty());
    assert_eq!(w.errors(elsewhere), [ErrorCode::ServerFull]);
    assert_eq!(w.admission.counts().1, 4);
    for other in others {
        assert_eq!(w.close_code(other), None);
    }
    let refused = w.idler("192.0.2.10");
    assert_eq!(w.errors(refused), [ErrorCode::ServerFull]);
}

#[test]
fn a_crowd_of_newcomers_does_not_push_each_other_out() {
    let mut w = World::with(|setup| setup.max_viewers = 2);
    w.host("");
    let first = w.idler("192.0.2.1");
    let second = w.idler("192.0.2.2");
    let early = w.idler("192.0.2.3");
    assert_eq!(w.errors(early), [ErrorCode::RoomFull]);
    w.seconds(2);
    let late = w.idler("192.0.2.4");
    assert_eq!(w.errors(late), []);
    assert_eq!(w.errors(first), [ErrorCode::RoomFull], "it had its time");
    assert_eq!(w.errors(second), []);
}

#[test]
fn the_network_with_the_most_half_open_viewers_gives_way_first() {
    for in_room in [true, false] {
        let mut w = World::with(|setup| {
            if in_room {
                setup.max_viewers = 4;
            } else {
                setup.capacity.max_peers = 5;
            }
        });
        w.host("");
        let alone = w.idler("192.0.2.1");
        let crowd: Vec<_> = (0..3).map(|_| w.idler("192.0.2.66")).collect();
        w.seconds(5);
        let newcomer = w.idler("192.0.2.2");
        assert_eq!(w.errors(newcomer), []);
        assert_eq!(w.errors(alone), [], "though it is the oldest");
        let full = if in_room { ErrorCode::RoomFull } else { ErrorCode::ServerFull };
        assert_eq!(w.errors(crowd[0]), [full]);
        assert_eq!(w.errors(crowd[1]), []);
    }
}

#[test]
fn who_is_refused_takes_nobodys_place() {
    for in_room in [true, false] {
        let mut w = World::with(|setup| {
            setup.capacity.sessions_per_network = 2;
            if in_room {
                setup.max_viewers = 1;
            } else {
                setup.capacity.max_peers = 3;
            }
        });
        let host = w.host("");
        let idler = w.idler("192.0.2.1");
        w.take(idler);
        w.seconds(3);
        // The host's network has as many peers as it may.
        w.answers = false;
        w.offer(host, &sending(9));
        let newcomer = w.idler("192.0.2.9");
        assert_eq!(w.errors(newcomer), [ErrorCode::RateLimited]);
        assert_eq!(w.errors(idler), [], "its place is its own");
        assert_eq!(w.n_half_open(), 1);
    }
}

#[test]
fn a_viewer_gives_way_to_a_publisher_only_once_that_is_taken() {
    let mut w = World::with(|setup| setup.capacity.max_peers = 2);
    w.host("");
    let idler = w.idler("192.0.2.1");
    w.take(idler);
    w.seconds(3);
    let other = w.open_with(in_room("other"));
    w.media.rejects = Some(NegotiationError::NoCodec);
    w.offer(other, SENDING);
    assert_eq!(w.errors(other), [ErrorCode::CodecUnsupported]);
    assert_eq!(w.errors(idler), [], "the offer came to nothing");
    w.offer(other, SENDING);
    assert_eq!(w.types(other), ["answer"]);
    assert_eq!(w.errors(idler), [ErrorCode::ServerFull]);
    assert_eq!(w.admission.counts().1, 2);
}

#[test]
fn a_publisher_without_a_place_leaves_the_room_free() {
    let mut w = World::with(|setup| setup.capacity.max_peers = 2);
    w.host("");
    let viewer = w.idler("192.0.2.1");
    let peer = w.last_peer();
    w.seconds(3);
    w.answers = false;
    let page = w.open_with(in_room("other"));
    w.offer(page, SENDING);
    w.event(Event::Connected { peer });
    // Another connection of the same page; nobody is left to give way to it.
    w.offer(page, &sending(9));
    assert_eq!(w.errors(page), [ErrorCode::ServerFull]);
    assert_eq!(w.session(page).2.claimant, None);
    w.answers = true;
    w.drop_socket(viewer, Some(1001));
    let other = w.open_with(in_room("other"));
    w.offer(other, SENDING);
    assert_eq!(w.types(other), ["answer"]);
}

#[test]
fn a_player_that_gives_way_is_told_why_in_its_answer() {
    for in_room in [true, false] {
        let mut w = World::with(|setup| {
            if in_room {
                setup.max_viewers = 1;
            } else {
                setup.capacity.max_peers = 2;
            }
        });
        w.host("");
        w.answers = false;
        let player = w.program("192.0.2.1", Role::Fan, None).unwrap();
        let asked = w.begin(player, Request::Watch { offer: Some(RECEIVING.into()) });
        w.seconds(3);
        w.idler("192.0.2.2");
        let code = |reply: Option<Result<Reply, Refusal>>| reply.unwrap().unwrap_err().code;
        let full = if in_room { ErrorCode::RoomFull } else { ErrorCode::ServerFull };
        assert_eq!(code(w.reply(asked)), full);
        assert_eq!(w.reply(asked), None, "once");
    }
}
