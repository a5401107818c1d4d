//! Which layer fans want and are sent, and which the host need not send.

use media_api::{Cap, Command, Event, PeerId, Preference, Reason};
use protocol::{ErrorCode, LayerReason, Pc, ServerMessage};

use super::world::{RECEIVING, World, offers, sending};
use crate::ClientId;

const PAUSING: &str = r#","caps":{"pauses":true}"#;

/// What the media plane was asked to send, since last asked.
fn preferred(w: &mut World) -> Vec<(PeerId, Preference)> {
    let of = |command| match command {
        Command::Prefer { peer, preference } => Some((peer, preference)),
        _ => None,
    };
    w.take_commands().into_iter().filter_map(of).collect()
}

fn preference(cap: Cap, is_hidden: bool) -> Preference {
    Preference { cap, is_hidden }
}

fn up_to(layer: &str) -> Cap {
    Cap::Layer(layer.into())
}

/// What a page was told of layers that nobody watches, since last asked.
fn paused(w: &mut World, host: ClientId) -> Vec<Vec<String>> {
    let of = |message| match message {
        ServerMessage::Layers { paused } => Some(paused),
        _ => None,
    };
    w.take(host).into_iter().filter_map(of).collect()
}

fn unwanted(w: &mut World, layers: &[&str]) {
    let room = w.default_room();
    let layers = layers.iter().map(ToString::to_string).collect();
    w.event(Event::LayersUnwanted { room, layers });
}

#[test]
fn a_fan_chooses_a_layer_and_what_it_does_not_mention_stays() {
    let mut w = World::new();
    let fan = w.fan();
    let peer = w.last_peer();
    w.take_commands();
    w.say(fan, r#"{"type":"layer","video":"h"}"#);
    assert_eq!(preferred(&mut w), [(peer, preference(up_to("h"), false))]);
    w.seconds(1);
    w.say(fan, r#"{"type":"layer","visible":false}"#);
    assert_eq!(preferred(&mut w), [(peer, preference(up_to("h"), true))]);
    w.seconds(1);
    w.say(fan, r#"{"type":"layer","video":"off","visible":true}"#);
    assert_eq!(preferred(&mut w), [(peer, preference(Cap::SoundOnly, false))]);
    w.seconds(1);
    w.say(fan, r#"{"type":"layer","video":"auto"}"#);
    assert_eq!(preferred(&mut w), [(peer, Preference::default())]);
    w.say(fan, r#"{"type":"layer","video":"auto"}"#);
    w.say(fan, r#"{"type":"layer"}"#);
    w.seconds(1);
    assert_eq!(preferred(&mut w), [], "nothing new is nothing to do");
    assert!(w.take(fan).is_empty());
}

#[test]
fn a_fan_in_two_minds_asks_the_media_plane_four_times_a_second_and_gets_what_it_said_last() {
    let mut w = World::new();
    let fan = w.fan();
    let peer = w.last_peer();
    w.take_commands();
    for n in 0..100 {
        let video = if n % 2 == 0 { "h" } else { "f" };
        w.say(fan, &format!(r#"{{"type":"layer","video":"{video}"}}"#));
        w.ms(10);
    }
    w.say(fan, r#"{"type":"layer","video":"q"}"#);
    w.seconds(1);
    let asked = preferred(&mut w);
    assert!(asked.len() <= 6, "{} in a second", asked.len());
    assert_eq!(asked.last(), Some(&(peer, preference(up_to("q"), false))));
    w.say(fan, r#"{"type":"layer","video":"f"}"#);
    w.say(fan, r#"{"type":"layer","video":"h"}"#);
    w.drop_socket(fan, Some(1001));
    w.seconds(1);
    assert_eq!(preferred(&mut w).len(), 1, "who is gone wants nothing");
}

#[test]
fn a_choice_holds_for_every_connection_of_the_session() {
    let mut w = World::new();
    let fan = w.open();
    w.hello(fan, "");
    let first = w.last_peer();
    w.say(fan, r#"{"type":"layer","video":"q","visible":false}"#);
    let wanted = preference(up_to("q"), true);
    assert_eq!(preferred(&mut w), [(first, wanted.clone())], "before it has answered");
    w.answer_neg(fan, 1);
    w.closes(first, media_api::CloseReason::ConsentExpired);
    w.say(fan, r#"{"type":"restart","pc":"sub"}"#);
    let second = w.last_peer();
    assert_ne!(first, second);
    let is_watch = |it: &Command| matches!(it, Command::Watch { .. });
    let is_prefer = |it: &Command| matches!(it, Command::Prefer { .. });
    let commands = w.take_commands();
    let at = |is: &dyn Fn(&Command) -> bool| commands.iter().position(is);
    assert!(at(&is_watch) < at(&is_prefer), "{commands:?}");
    assert!(commands.contains(&Command::Prefer { peer: second, preference: wanted }));
}

#[test]
fn who_says_nothing_of_layers_costs_the_media_plane_nothing() {
    let mut w = World::new();
    w.basic_host();
    w.fan();
    let seed = w.open();
    w.seconds(1);
    w.answer(seed);
    let offering = w.open();
    w.offer(offering, RECEIVING);
    assert_eq!(preferred(&mut w), []);
}

#[test]
fn layers_are_for_fans_that_said_hello() {
    let mut w = World::new();
    let seed = w.open();
    w.say(seed, r#"{"type":"layer","video":"q"}"#);
    assert_eq!(w.errors(seed), [ErrorCode::Unexpected]);
    let host = w.host("");
    w.say(host, r#"{"type":"layer","video":"q"}"#);
    assert_eq!(w.errors(host), [ErrorCode::Forbidden]);
    assert_eq!(preferred(&mut w), []);
}

#[test]
fn a_fan_is_told_what_it_is_sent_and_how_large_that_is() {
    let mut w = World::new();
    let host = w.host("");
    w.say(
        host,
        r#"{"type":"media_state","audio":true,"video":true,"layers":[{"rid":"h","w":640,"h":360}]}"#,
    );
    let fan = w.open();
    w.hello(fan, "");
    w.answer_neg(fan, 1);
    let told = w.take(fan);
    let welcome = told.iter().find_map(|it| match it {
        ServerMessage::Welcome { room, resume, .. } => Some((room.sizes.len(), resume.clone())),
        _ => None,
    });
    let (n_sizes, resume) = welcome.unwrap();
    assert_eq!(n_sizes, 1);
    let peer = w.last_peer();
    let sent = |has_picture, layer: Option<&str>, reason| Event::LayerSent {
        peer,
        has_picture,
        layer: layer.map(Into::into),
        reason,
    };
    w.event(sent(true, Some("h"), Reason::Link));
    let now = ServerMessage::LayerNow {
        on: true,
        rid: Some("h".into()),
        w: Some(640),
        h: Some(360),
        auto: true,
        reason: LayerReason::Bandwidth,
    };
    assert_eq!(w.take(fan), [now]);
    w.say(fan, r#"{"type":"layer","video":"off"}"#);
    w.event(sent(false, None, Reason::Viewer));
    let off = ServerMessage::LayerNow {
        on: false,
        rid: None,
        w: None,
        h: None,
        auto: false,
        reason: LayerReason::User,
    };
    assert_eq!(w.take(fan), std::slice::from_ref(&off));
    // It may have missed the last one.
    w.drop_socket(fan, None);
    let again = w.open();
    w.hello(again, &format!(r#""resume":"{resume}""#));
    assert_eq!(w.take(again).last(), Some(&off));
}

#[test]
fn a_fan_of_the_basic_profile_hears_nothing_of_layers() {
    let mut w = World::new();
    w.basic_host();
    let fan = w.open();
    w.seconds(1);
    w.answer(fan);
    let peer = w.last_peer();
    w.take(fan);
    let layer = Some("q".into());
    w.event(Event::LayerSent { peer, has_picture: true, layer, reason: Reason::Link });
    unwanted(&mut w, &["f"]);
    assert!(w.take(fan).is_empty());
}

#[test]
fn a_host_hears_of_layers_that_nobody_watches_if_it_says_that_it_pauses() {
    for (fields, hears) in [(PAUSING, true), ("", false), (r#","caps":{"video":[]}"#, false)] {
        let mut w = World::new();
        let host = w.host(fields);
        let fan = w.fan();
        unwanted(&mut w, &["h", "f"]);
        unwanted(&mut w, &[]);
        let told = paused(&mut w, host);
        assert_eq!(told, if hears { vec![vec!["h", "f"], vec![]] } else { vec![] }, "{fields}");
        assert!(w.take(fan).is_empty(), "that is between the host and us");
    }
    let mut w = World::new();
    let seed = w.basic_host();
    unwanted(&mut w, &["f"]);
    assert!(w.take(seed).is_empty());
}

#[test]
fn a_host_that_comes_back_is_told_again_and_a_new_connection_begins_with_all() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, &format!(r#""role":"host"{PAUSING}"#));
    let token = w.resume_token(host);
    w.offer(host, &sending(1));
    w.say(host, r#"{"type":"golive"}"#);
    w.flow();
    unwanted(&mut w, &["f"]);
    w.drop_socket(host, None);
    unwanted(&mut w, &["h", "f"]);
    let again = w.open();
    w.hello(again, &format!(r#""role":"host","resume":"{token}"{PAUSING}"#));
    assert_eq!(paused(&mut w, again), [vec!["h", "f"]]);
    w.offer(again, &sending(2));
    assert_eq!(paused(&mut w, again), [Vec::<String>::new()], "the media plane forgot");
    w.drop_socket(again, None);
    let third = w.open();
    w.hello(third, &format!(r#""role":"host","resume":"{token}"{PAUSING}"#));
    assert_eq!(paused(&mut w, third), [Vec::<String>::new()]);
}

#[test]
fn sizes_of_layers_are_told_to_all_bounded_and_forgotten_with_the_broadcast() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    let sizes = |n: usize| {
        let one = r#"{"rid":"q","w":320,"h":180}"#;
        let all = vec![one; n].join(",");
        format!(r#"{{"type":"media_state","audio":true,"video":true,"layers":[{all}]}}"#)
    };
    w.say(host, &sizes(2));
    assert_eq!(w.types(fan), ["state:live"]);
    w.say(host, &sizes(2));
    w.say(host, r#"{"type":"media_state","audio":true,"video":true}"#);
    assert!(w.take(fan).is_empty(), "nothing new");
    w.take(host);
    w.say(host, &sizes(5));
    assert_eq!(w.errors(host), [ErrorCode::BadField]);
    w.say(host, r#"{"type":"end"}"#);
    let told = w.take(fan);
    let Some(ServerMessage::State(state)) = told.last() else { panic!("{told:?}") };
    assert!(state.sizes.is_empty());
    assert_eq!(offers(&told), [] as [(Option<Pc>, Option<u32>); 0]);
}
