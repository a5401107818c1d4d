//! Programs: what WHIP and WHEP ask for, and what comes of it.

use media_api::{CloseReason, Codec, Command, Event, MediaInfo, NegotiationError};
use protocol::{CloseCode, ErrorCode, LiveState, Role};

use super::world::{RECEIVING, SENDING, World, sending};
use crate::{ClientId, Refusal, Reply, Request};

fn publish(w: &mut World, client: ClientId, sdp: &str) -> Result<Reply, Refusal> {
    w.ask(client, Request::Publish { offer: sdp.into() })
}

fn watch(w: &mut World, client: ClientId, sdp: Option<&str>) -> Result<Reply, Refusal> {
    w.ask(client, Request::Watch { offer: sdp.map(str::to_owned) })
}

fn code(result: Result<Reply, Refusal>) -> ErrorCode {
    result.expect_err("a refusal").code
}

/// An encoder that is live, and its name.
fn encoder(w: &mut World) -> ClientId {
    let encoder = w.program("192.0.2.7", Role::Host, None).unwrap();
    publish(w, encoder, SENDING).unwrap();
    w.flow();
    encoder
}

#[test]
fn an_encoder_is_live_when_its_media_flows_and_ends_when_it_leaves() {
    let mut w = World::new();
    let encoder = w.program("192.0.2.7", Role::Host, None).unwrap();
    assert!(matches!(publish(&mut w, encoder, SENDING), Ok(Reply::Description(_))));
    assert!(matches!(w.commands[..], [Command::Publish { on_air: true, .. }]));
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
    let page = w.fan();
    w.drop_socket(encoder, Some(1001));
    assert_eq!(w.types(page), ["state:ended"]);
}

#[test]
fn a_program_without_the_right_is_told_before_it_is_in() {
    let mut w = World::with(|setup| {
        setup.open = auth::PublishOpen::None;
        setup.key = Some("the key".into());
    });
    let refused = |w: &mut World, key| w.program("192.0.2.7", Role::Host, key).unwrap_err().code;
    assert_eq!(refused(&mut w, None), ErrorCode::AuthRequired);
    assert_eq!(refused(&mut w, Some("another")), ErrorCode::AuthBad);
    assert_eq!(w.admission.counts(), (0, 0), "nothing is held for it");
    assert!(w.program("192.0.2.7", Role::Host, Some("the key")).is_ok());
    assert!(w.program("192.0.2.8", Role::Fan, None).is_ok(), "watching needs none");
}

#[test]
fn a_player_offers_or_is_offered_and_each_request_has_one_reply() {
    let mut w = World::new();
    let early = w.program("192.0.2.9", Role::Fan, None).unwrap();
    assert_eq!(code(watch(&mut w, early, Some(RECEIVING))), ErrorCode::RoomOffline);
    encoder(&mut w);
    let player = w.program("192.0.2.9", Role::Fan, None).unwrap();
    let watches = watch(&mut w, player, Some(RECEIVING));
    assert!(matches!(watches, Ok(Reply::Watching { sdp: Some(_), .. })), "{watches:?}");
    let other = w.program("192.0.2.10", Role::Fan, None).unwrap();
    assert!(matches!(watch(&mut w, other, None), Ok(Reply::Description(_))));
    let answer = |w: &mut World| w.ask(other, Request::Answer { sdp: "v=0".into() });
    assert!(matches!(answer(&mut w), Ok(Reply::Watching { sdp: None, .. })));
    assert_eq!(code(answer(&mut w)), ErrorCode::Unexpected, "there is nothing to answer");
}

#[test]
fn a_player_that_takes_sound_alone_gets_it_and_one_that_takes_nothing_is_told_why() {
    let mut w = World::new();
    encoder(&mut w);
    w.flow_as(Codec::H264);
    w.media.codecs = vec![Codec::Opus];
    let listener = w.program("192.0.2.9", Role::Fan, None).unwrap();
    assert!(watch(&mut w, listener, Some(RECEIVING)).is_ok());
    let room = w.default_room();
    let media = MediaInfo { audio: None, video: Some(Codec::H264), layers: Vec::new() };
    w.event(Event::MediaFlowing { room, media });
    let player = w.program("192.0.2.10", Role::Fan, None).unwrap();
    let refused = watch(&mut w, player, Some(RECEIVING)).unwrap_err();
    assert_eq!(
        (refused.code, refused.detail.as_deref()),
        (ErrorCode::CodecUnsupported, Some("H264"))
    );
}

#[test]
fn a_session_is_over_when_its_media_is() {
    let mut w = World::new();
    encoder(&mut w);
    let player = w.program("192.0.2.9", Role::Fan, None).unwrap();
    watch(&mut w, player, Some(RECEIVING)).unwrap();
    let peer = w.last_peer();
    w.closes(peer, CloseReason::ConsentExpired);
    assert_eq!(w.close_code(player), Some(CloseCode::Normal));
    assert_eq!(code(watch(&mut w, player, Some(RECEIVING))), ErrorCode::NotFound);
}

#[test]
fn a_refused_offer_says_why_and_leaves_nothing() {
    let mut w = World::new();
    let encoder = w.program("192.0.2.7", Role::Host, None).unwrap();
    w.media.rejects = Some(NegotiationError::NoCodec);
    assert_eq!(code(publish(&mut w, encoder, SENDING)), ErrorCode::CodecUnsupported);
    assert_eq!(w.admission.counts(), (0, 0));
}

#[test]
fn ice_restarts_have_a_rate_at_every_door() {
    let mut w = World::new();
    let encoder = encoder(&mut w);
    let restarts = (0..40).map(|_| publish(&mut w, encoder, SENDING)).collect::<Vec<_>>();
    let refused = restarts.into_iter().filter(Result::is_err).map(code).collect::<Vec<_>>();
    assert!(refused.len() >= 28, "{}", refused.len());
    assert!(refused.iter().all(|code| *code == ErrorCode::RateLimited));
    assert_eq!(w.live(), LiveState::Live, "it costs the broadcast nothing");
    w.seconds(1);
    assert!(publish(&mut w, encoder, SENDING).is_ok());

    let page = w.open();
    w.hello(page, r#""role":"host","room":"mine""#);
    for _ in 0..40 {
        w.offer(page, &sending(9));
    }
    let limited = w.errors(page).into_iter().filter(|code| *code == ErrorCode::RateLimited).count();
    assert!(limited >= 28, "{limited}");
}
