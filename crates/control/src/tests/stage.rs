//! Guests on stage: who asks, who is let on, whose media whom is sent.

use media_api::{CloseReason, Command, Event, Seat};
use protocol::{ErrorCode, LiveState, ServerMessage, StageStep};

use super::world::{Query, SENDING, World, offers, sending};
use crate::ClientId;

/// A fan with a name that watches.
fn named(w: &mut World, name: &str) -> ClientId {
    let fan = w.open_as("192.0.2.70", false, Query::default());
    w.hello(fan, &format!(r#""role":"fan","name":"{name}","secret":"of {name}""#));
    w.answer_neg(fan, 1);
    w.take(fan);
    fan
}

fn uid(w: &World, client: ClientId) -> String {
    let (sid, session, room) = w.session(client);
    session.person.clone().unwrap_or_else(|| room.people.id_of_session(sid)).to_string()
}

fn stage(w: &mut World, client: ClientId, fields: &str) {
    w.say(client, &format!(r#"{{"type":"stage",{fields}}}"#));
}

fn ask(w: &mut World, fan: ClientId) {
    stage(w, fan, r#""action":"ask""#);
}

fn about(w: &mut World, host: ClientId, action: &str, fan: ClientId) {
    let uid = uid(w, fan);
    stage(w, host, &format!(r#""action":"{action}","uid":"{uid}""#));
}

/// The fan publishes on the connection that pages have for it.
fn publish(w: &mut World, guest: ClientId, sdp: &str) {
    let offer = serde_json::json!({"type": "offer", "pc": "pub", "neg": 1, "sdp": sdp});
    w.say(guest, &offer.to_string());
}

/// A guest whose media flows, in this seat.
fn guest(w: &mut World, host: ClientId, name: &str, seat: u8) -> ClientId {
    let fan = named(w, name);
    ask(w, fan);
    about(w, host, "accept", fan);
    publish(w, fan, SENDING);
    flows(w, seat, true);
    w.take(fan);
    fan
}

fn flows(w: &mut World, seat: u8, is_flowing: bool) {
    let (room, seat) = (w.default_room(), Seat::guest(seat).unwrap());
    w.event(Event::GuestFlowing { room, seat, is_flowing });
}

fn steps(messages: &[ServerMessage]) -> Vec<StageStep> {
    let step = |it: &ServerMessage| match it {
        ServerMessage::Stage { step } => Some(*step),
        _ => None,
    };
    messages.iter().filter_map(step).collect()
}

/// The names of who waits, as the host was told last.
fn queue(messages: &[ServerMessage]) -> Option<Vec<String>> {
    messages.iter().rev().find_map(|it| match it {
        ServerMessage::StageQueue { people } => {
            Some(people.iter().map(|it| it.name.as_str().to_owned()).collect())
        }
        _ => None,
    })
}

/// The stage, as somebody was told last: of each guest its name, whether it is live, heard and seen.
fn on_stage(messages: &[ServerMessage]) -> Vec<(String, bool, bool, bool)> {
    let told = messages.iter().rev().find_map(|it| match it {
        ServerMessage::State(state) => Some(state.stage.clone()),
        _ => None,
    });
    let guests = told.expect("a state").guests;
    guests
        .into_iter()
        .map(|it| (it.person.name.as_str().to_owned(), it.live, it.audio, it.video))
        .collect()
}

/// The seats of the guests in commands that change a cast, with their viewer's role: `true` has the host, too.
fn casts(commands: &[Command]) -> Vec<(bool, Vec<u8>)> {
    let cast = |it: &Command| match it {
        Command::Recast { cast, .. } | Command::Watch { cast, .. } => Some((
            cast.has_host,
            cast.guests.iter().filter_map(|it| it.seat.guest_index()).collect(),
        )),
        _ => None,
    };
    commands.iter().filter_map(cast).collect()
}

#[test]
fn a_fan_asks_the_host_sees_a_name_and_lets_it_on() {
    let mut w = World::new();
    let host = w.host("");
    let fan = named(&mut w, "小明");
    ask(&mut w, fan);
    assert_eq!(steps(&w.take(fan)), [StageStep::Asked]);
    assert_eq!(queue(&w.take(host)).unwrap(), ["小明"]);
    about(&mut w, host, "accept", fan);
    let told = w.take(fan);
    assert_eq!(steps(&told), [StageStep::Accepted]);
    assert_eq!(on_stage(&told), [("小明".into(), false, true, true)]);
    assert!(queue(&w.take(host)).unwrap().is_empty());
    w.take_commands();
    publish(&mut w, fan, SENDING);
    let seat = Seat::guest(0).unwrap();
    assert!(matches!(w.commands[0], Command::Publish { seat: it, .. } if it == seat));
    flows(&mut w, 0, true);
    assert_eq!(w.types(fan), ["answer", "state:live", "state:live"]);
    assert_eq!(on_stage(&w.take(host)), [("小明".into(), true, true, true)]);
}

#[test]
fn who_has_no_name_or_no_host_or_is_no_fan_does_not_ask() {
    let mut w = World::new();
    let fan = named(&mut w, "Ann");
    ask(&mut w, fan);
    assert_eq!(w.errors(fan), [ErrorCode::StageFull], "nobody hosts");
    let host = w.host("");
    let nameless = w.fan();
    ask(&mut w, nameless);
    assert_eq!(w.errors(nameless), [ErrorCode::NameNeeded]);
    ask(&mut w, host);
    assert_eq!(w.errors(host), [ErrorCode::Unexpected]);
    stage(&mut w, host, r#""action":"set","open":false"#);
    w.take(fan);
    ask(&mut w, fan);
    assert_eq!(w.errors(fan), [ErrorCode::StageFull]);
    about(&mut w, fan, "accept", fan);
    assert_eq!(w.errors(fan), [ErrorCode::Forbidden]);
    publish(&mut w, fan, SENDING);
    assert_eq!(w.errors(fan), [ErrorCode::Unexpected], "it is not on stage");
}

#[test]
fn a_fan_takes_its_word_back_and_a_host_declines() {
    let mut w = World::new();
    let host = w.host("");
    let (one, two) = (named(&mut w, "one"), named(&mut w, "two"));
    ask(&mut w, one);
    ask(&mut w, two);
    assert_eq!(queue(&w.take(host)).unwrap(), ["one", "two"]);
    stage(&mut w, one, r#""action":"leave""#);
    about(&mut w, host, "decline", two);
    assert_eq!(steps(&w.take(one)), [StageStep::Asked, StageStep::Off]);
    assert_eq!(steps(&w.take(two)), [StageStep::Asked, StageStep::Declined]);
    about(&mut w, host, "accept", two);
    assert_eq!(w.errors(host), [ErrorCode::NotFound]);
}

#[test]
fn eight_are_on_stage_and_a_ninth_waits() {
    let mut w = World::new();
    let host = w.host("");
    for seat in 0..8 {
        guest(&mut w, host, &format!("guest {seat}"), seat);
    }
    let ninth = named(&mut w, "ninth");
    ask(&mut w, ninth);
    w.take(host);
    about(&mut w, host, "accept", ninth);
    assert_eq!(w.errors(host), [ErrorCode::StageFull]);
    assert_eq!(steps(&w.take(ninth)), [StageStep::Asked], "it still waits");
}

#[test]
fn the_queue_has_a_bound() {
    let mut w = World::new();
    w.host("");
    for n in 0..crate::limits::STAGE_QUEUE {
        let fan = w.open_as(&format!("192.0.2.{}", n % 200), false, Query::default());
        w.hello(fan, r#""role":"fan","name":"one of many""#);
        w.take(fan);
        ask(&mut w, fan);
        assert_eq!(steps(&w.take(fan)), [StageStep::Asked]);
    }
    let last = named(&mut w, "last");
    ask(&mut w, last);
    assert_eq!(w.errors(last), [ErrorCode::StageFull]);
}

#[test]
fn pages_are_offered_who_comes_and_goes_one_offer_at_a_time() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    w.take_commands();
    let first = guest(&mut w, host, "first", 0);
    assert_eq!(offers(&w.take(fan)), [(Some(protocol::Pc::Sub), Some(2))]);
    guest(&mut w, host, "second", 1);
    assert!(offers(&w.take(fan)).is_empty(), "it has an offer to answer");
    about(&mut w, host, "drop", first);
    w.take_commands();
    w.answer_neg(fan, 2);
    assert_eq!(casts(&w.take_commands()), [(true, vec![1])], "the latest alone");
    assert_eq!(offers(&w.take(fan)), [(Some(protocol::Pc::Sub), Some(3))]);
    w.answer_neg(fan, 2);
    w.answer_neg(fan, 3);
    assert!(w.errors(fan).is_empty(), "an answer to an older offer is dropped");
    assert!(casts(&w.take_commands()).is_empty());
}

#[test]
fn a_guest_is_not_sent_itself_and_the_host_is_sent_the_guests_alone() {
    let mut w = World::new();
    let host = w.host("");
    w.take_commands();
    let one = guest(&mut w, host, "one", 0);
    let told = w.take(host);
    assert_eq!(offers(&told), [(Some(protocol::Pc::Sub), Some(1))], "a connection of its own");
    assert!(casts(&w.take_commands()).contains(&(false, vec![0])));
    let late = w.fan();
    assert!(casts(&w.take_commands()).contains(&(true, vec![0])), "in the first offer");
    guest(&mut w, host, "two", 1);
    w.answer_neg(host, 1);
    let all = casts(&w.take_commands());
    assert!(all.contains(&(true, vec![1])), "one is sent two: {all:?}");
    assert!(all.contains(&(true, vec![0])), "two is sent one: {all:?}");
    assert!(all.contains(&(true, vec![0, 1])), "the others both: {all:?}");
    assert!(all.contains(&(false, vec![0, 1])), "and the host: {all:?}");
    assert_eq!(w.n_viewers(), 1, "neither hosts nor unconnected guests are counted");
    assert!(w.close_code(one).is_none() && w.close_code(late).is_none());
}

#[test]
fn programs_and_the_basic_profile_are_sent_the_host_alone() {
    let mut w = World::new();
    let host = w.host("");
    guest(&mut w, host, "one", 0);
    w.take_commands();
    let basic = w.open();
    w.ms(300);
    w.answer(basic);
    guest(&mut w, host, "two", 1);
    let of_basic = w.session(basic).1.watching.as_ref().unwrap();
    assert!(of_basic.cast.guests.is_empty() && !of_basic.cast.may_change);
    assert_eq!(w.types(basic), ["offer"]);
}

#[test]
fn a_rehearsal_with_guests_is_seen_by_those_in_it() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.offer(host, SENDING);
    w.flow();
    let fan = w.fan();
    w.take_commands();
    guest(&mut w, host, "one", 0);
    let all = casts(&w.take_commands());
    assert!(all.contains(&(false, vec![0])) && !all.contains(&(true, vec![0])), "{all:?}");
    w.say(host, r#"{"type":"golive"}"#);
    assert!(casts(&w.take_commands()).contains(&(true, vec![0])));
    assert_eq!(offers(&w.take(fan)), [(Some(protocol::Pc::Sub), Some(2))]);
}

#[test]
fn a_host_switches_a_microphone_off_whatever_the_guest_says() {
    let mut w = World::new();
    let host = w.host("");
    let one = guest(&mut w, host, "one", 0);
    w.take_commands();
    let uid = uid(&w, one);
    stage(&mut w, host, &format!(r#""action":"mute","uid":"{uid}","on":true"#));
    assert!(matches!(w.commands[..], [Command::Mute { is_muted: true, .. }]), "{:?}", w.commands);
    assert_eq!(on_stage(&w.take(one)), [("one".into(), true, false, true)]);
    w.say(one, r#"{"type":"media_state","audio":true,"video":false}"#);
    assert_eq!(on_stage(&w.take(one)), [("one".into(), true, false, false)]);
    stage(&mut w, host, &format!(r#""action":"mute","uid":"{uid}","on":false"#));
    assert_eq!(on_stage(&w.take(one)), [("one".into(), true, true, false)]);
    // Who takes the seat next is heard.
    stage(&mut w, host, &format!(r#""action":"mute","uid":"{uid}","on":true"#));
    w.take_commands();
    about(&mut w, host, "drop", one);
    assert!(w.commands.iter().any(|it| matches!(it, Command::Mute { is_muted: false, .. })));
}

#[test]
fn who_is_dropped_stays_a_fan_and_its_seat_is_taken_by_the_next() {
    let mut w = World::new();
    let host = w.host("");
    let one = guest(&mut w, host, "one", 0);
    w.take_commands();
    about(&mut w, host, "drop", one);
    assert!(w.commands.iter().any(|it| matches!(it, Command::Close { .. })));
    assert_eq!(steps(&w.take(one)), [StageStep::Dropped]);
    assert_eq!(w.close_code(one), None);
    let streams = |w: &mut World| {
        w.take(host).iter().rev().find_map(|it| match it {
            ServerMessage::State(state) => state.stage.guests.first().map(|it| it.stream.clone()),
            _ => None,
        })
    };
    let before = streams(&mut w);
    guest(&mut w, host, "two", 0);
    assert_ne!(streams(&mut w), before, "another guest, another stream");
}

#[test]
fn a_guest_whose_connection_is_lost_has_a_while_to_return_and_nobody_negotiates() {
    let mut w = World::new();
    let host = w.host("");
    let one = guest(&mut w, host, "one", 0);
    let fan = w.fan();
    w.take(host);
    let peer = w.session(one).1.publisher().unwrap().peer;
    w.closes(peer, CloseReason::ConsentExpired);
    assert_eq!(on_stage(&w.take(host)), [("one".into(), false, true, true)]);
    w.seconds(14);
    w.take(fan);
    w.take_commands();
    publish(&mut w, one, &sending(2));
    flows(&mut w, 0, true);
    // The host's page has answered no offer of its guests meanwhile, and is made another.
    assert!(casts(&w.take_commands()).iter().all(|(has_host, _)| !has_host));
    assert!(offers(&w.take(fan)).is_empty());
    assert_eq!(on_stage(&w.take(host)), [("one".into(), true, true, true)]);
    let peer = w.session(one).1.publisher().unwrap().peer;
    w.closes(peer, CloseReason::ConsentExpired);
    w.take(one);
    w.seconds(15);
    assert_eq!(steps(&w.take(one)), [StageStep::Off]);
    assert!(on_stage(&w.take(host)).is_empty());
}

#[test]
fn a_guests_page_is_loaded_anew_and_goes_on() {
    let mut w = World::new();
    let host = w.host("");
    guest(&mut w, host, "one", 0);
    w.take(host);
    // With a new session, which its browser's secret tells.
    let page = *w.hub.cx.directory.clients.keys().max().unwrap();
    w.drop_socket(page, Some(1001));
    assert_eq!(on_stage(&w.take(host)), [("one".into(), false, true, true)]);
    w.seconds(5);
    let again = w.open_as("192.0.2.70", false, Query::default());
    w.hello(again, r#""role":"fan","name":"one","secret":"of one""#);
    assert_eq!(steps(&w.take(again)), [StageStep::Accepted]);
    publish(&mut w, again, &sending(3));
    flows(&mut w, 0, true);
    assert_eq!(on_stage(&w.take(host)), [("one".into(), true, true, true)]);
    // With its token.
    let token = w.session(again).1.page().unwrap().token.clone();
    w.drop_socket(again, Some(1001));
    let third = w.open_as("192.0.2.70", false, Query::default());
    w.hello(third, &format!(r#""role":"fan","resume":"{token}""#));
    assert_eq!(steps(&w.take(third)), [StageStep::Accepted]);
    publish(&mut w, third, &sending(4));
    assert_eq!(on_stage(&w.take(third)).len(), 1);
    // And at last it does not come back.
    w.drop_socket(third, Some(1001));
    w.seconds(15);
    assert!(on_stage(&w.take(host)).is_empty());
}

#[test]
fn a_host_page_that_is_loaded_anew_keeps_its_guests() {
    let mut w = World::new();
    let host = w.host(r#","secret":"of the host""#);
    let one = guest(&mut w, host, "one", 0);
    w.answer_neg(host, 1);
    w.drop_socket(host, Some(1001));
    assert_eq!(w.live(), LiveState::Interrupted);
    w.take(one);
    w.seconds(4);
    let again = w.open_as("192.0.2.9", false, Query::default());
    w.hello(again, r#""role":"host","secret":"of the host""#);
    w.offer(again, &sending(2));
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
    assert_eq!(offers(&w.take(again)), [(Some(protocol::Pc::Sub), Some(1))], "with its guests");
    assert!(steps(&w.take(one)).is_empty(), "nothing happened to the guest");
    about(&mut w, again, "drop", one);
    assert_eq!(steps(&w.take(one)), [StageStep::Dropped], "who returned runs the stage");
}

#[test]
fn a_host_page_that_does_not_come_back_ends_broadcast_and_stage() {
    let mut w = World::new();
    let host = w.host("");
    let one = guest(&mut w, host, "one", 0);
    w.drop_socket(host, Some(1001));
    w.take(one);
    w.seconds(90);
    assert_eq!(w.live(), LiveState::Ended);
    let told = w.take(one);
    assert_eq!(steps(&told), [StageStep::Off]);
    assert!(on_stage(&told).is_empty());
}

#[test]
fn the_end_of_the_broadcast_is_that_of_the_stage() {
    let mut w = World::new();
    let host = w.host("");
    let one = guest(&mut w, host, "one", 0);
    let waiting = named(&mut w, "two");
    ask(&mut w, waiting);
    w.take(waiting);
    w.say(host, r#"{"type":"end"}"#);
    assert_eq!(steps(&w.take(one)), [StageStep::Off]);
    assert_eq!(steps(&w.take(waiting)), [StageStep::Off]);
    assert!(w.session(host).1.watching.is_none(), "its connection for guests is closed");
    assert!(!w.session(one).1.publishes());
}

#[test]
fn who_is_let_on_and_does_not_come_gives_the_place_back() {
    let mut w = World::new();
    let host = w.host("");
    let fan = named(&mut w, "shy");
    ask(&mut w, fan);
    about(&mut w, host, "accept", fan);
    w.take(fan);
    w.seconds(60);
    assert_eq!(steps(&w.take(fan)), [StageStep::Off]);
}

#[test]
fn everybody_is_told_who_speaks() {
    let mut w = World::new();
    let host = w.host("");
    let one = guest(&mut w, host, "one", 0);
    let fan = w.fan();
    let (room, seat) = (w.default_room(), Seat::guest(0));
    w.event(Event::Speaker { room, seat });
    w.event(Event::Speaker { room, seat: Some(Seat::HOST) });
    let told: Vec<_> = w
        .take(fan)
        .into_iter()
        .filter_map(|it| match it {
            ServerMessage::Speaker { uid } => Some(uid.map(|it| it.to_string())),
            _ => None,
        })
        .collect();
    assert_eq!(told, [Some(uid(&w, one)), None]);
}

/// A socket of the basic profile that wants to be a guest.
fn unnamed(w: &mut World) -> ClientId {
    let query = Query { wants_stage: true, ..Query::default() };
    let guest = w.open_as("192.0.2.80", false, query);
    w.ms(300);
    guest
}

/// Lets on who waits first.
fn accept_first(w: &mut World, host: ClientId) {
    let told = w.take(host);
    let uid = told.iter().rev().find_map(|it| match it {
        ServerMessage::StageQueue { people } => people.first().map(|it| it.uid.to_string()),
        _ => None,
    });
    let uid = uid.expect("somebody waits");
    stage(w, host, &format!(r#""action":"accept","uid":"{uid}""#));
}

#[test]
fn a_guest_of_the_basic_profile_waits_under_a_name_of_ours_and_answers_one_offer() {
    let mut w = World::new();
    let host = w.host("");
    let one = unnamed(&mut w);
    assert!(w.take(one).is_empty(), "it is offered nothing before the host lets it on");
    assert_eq!(queue(&w.take(host)).unwrap(), ["guest-1"]);
    let two = unnamed(&mut w);
    assert_eq!(queue(&w.take(host)).unwrap(), ["guest-1", "guest-2"]);
    stage(&mut w, two, r#""action":"ask""#);
    assert_eq!(w.errors(two), [ErrorCode::Unexpected], "it said no hello");
    let uid = uid(&w, one);
    w.take_commands();
    stage(&mut w, host, &format!(r#""action":"accept","uid":"{uid}""#));
    let seat = Seat::guest(0);
    let is_offer =
        |it: &Command| matches!(it, Command::Watch { publishes, .. } if *publishes == seat);
    assert!(w.commands.iter().any(is_offer), "{:?}", w.commands);
    assert_eq!(offers(&w.take(one)), [(None, None)]);
    let fan = w.fan();
    w.take_commands();
    w.answer(one);
    flows(&mut w, 0, true);
    assert_eq!(offers(&w.take(fan)), [(Some(protocol::Pc::Sub), Some(2))]);
    assert_eq!(on_stage(&w.take(host)), [("guest-1".into(), true, true, true)]);
    assert!(w.take(one).is_empty() && w.take(two).is_empty());
    // It leaves.
    w.drop_socket(one, Some(1001));
    assert!(on_stage(&w.take(host)).is_empty());
}

#[test]
fn a_guest_of_the_basic_profile_comes_before_the_host_and_is_asked_for_when_there_is_one() {
    let mut w = World::new();
    let one = unnamed(&mut w);
    let host = w.open_as("192.0.2.9", false, Query::default());
    w.hello(host, r#""role":"host""#);
    w.offer(host, SENDING);
    accept_first(&mut w, host);
    assert_eq!(offers(&w.take(one)), [(None, None)]);
    // It does not answer.
    w.seconds(11);
    assert_eq!(w.errors(one), [ErrorCode::AnswerTimeout]);
    assert!(on_stage(&w.take(host)).is_empty());
}

#[test]
fn a_guest_of_the_basic_profile_is_dropped_with_its_connection() {
    let mut w = World::new();
    let host = w.host("");
    let one = unnamed(&mut w);
    accept_first(&mut w, host);
    w.answer(one);
    flows(&mut w, 0, true);
    w.take_commands();
    about(&mut w, host, "drop", one);
    assert!(w.commands.iter().any(|it| matches!(it, Command::Close { .. })));
    assert_eq!(w.close_code(one), None);
    assert!(w.session(one).1.watching.is_none());
}

#[test]
fn the_second_picture_of_a_page_is_offered_to_pages_and_not_to_the_host() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    w.take_commands();
    let (room, seat) = (w.default_room(), Seat::SECOND);
    w.event(Event::GuestFlowing { room, seat, is_flowing: true });
    let shown = |it: &Command| matches!(it, Command::Recast { cast, .. } if cast.guests[0].seat == Seat::SECOND);
    assert_eq!(w.commands.iter().filter(|it| shown(it)).count(), 1);
    assert!(offers(&w.take(host)).is_empty());
    assert_eq!(offers(&w.take(fan)), [(Some(protocol::Pc::Sub), Some(2))]);
    w.answer_neg(fan, 2);
    w.event(Event::GuestFlowing { room, seat, is_flowing: false });
    assert_eq!(offers(&w.take(fan)), [(Some(protocol::Pc::Sub), Some(3))]);
}
