//! Guests of the basic profile, and the host's second picture.

use super::*;

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
