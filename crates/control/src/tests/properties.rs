//! Whatever happens, in whatever order: nothing panics, and the books balance.

use media_api::{CloseReason, Codec, Event, NegotiationError};
use proptest::prelude::*;
use protocol::Role;

use super::world::{RECEIVING, World, query, sending};
use crate::fuzz::books;
use crate::{ClientId, Request};

#[derive(Debug, Clone, Copy)]
enum Step {
    Open { ip: u8, role: Option<Role>, key: bool },
    Join { ip: u8, role: Role, again: Option<u64> },
    Ask { client: u64, what: u8 },
    Say { socket: u64, what: u8 },
    Drop { socket: u64, code: Option<u16> },
    Reject(u8),
    Connected { peer: u64 },
    AllConnected,
    Closed { peer: u64, reason: u8 },
    Flow(bool),
    Stall,
    LayerSent { peer: u64, on: bool },
    Unwanted(bool),
    Wait(u64),
    Answers(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let role = prop_oneof![Just(None), Just(Some(Role::Host)), Just(Some(Role::Fan))];
    let code = prop_oneof![Just(None), Just(Some(1000)), Just(Some(1001)), Just(Some(1006))];
    prop_oneof![
        3 => (0_u8..3, role, any::<bool>()).prop_map(|(ip, role, key)| Step::Open { ip, role, key }),
        4 => (0_u8..3, any::<bool>(), prop::option::weighted(0.1, 1_u64..12)).prop_map(
            |(ip, host, again)| Step::Join { ip, role: if host { Role::Host } else { Role::Fan }, again }
        ),
        10 => (1_u64..12, 0_u8..8).prop_map(|(client, what)| Step::Ask { client, what }),
        10 => (1_u64..12, 0_u8..28).prop_map(|(socket, what)| Step::Say { socket, what }),
        2 => (1_u64..12, code).prop_map(|(socket, code)| Step::Drop { socket, code }),
        1 => (0_u8..4).prop_map(Step::Reject),
        3 => (1_u64..60).prop_map(|peer| Step::Connected { peer }),
        2 => Just(Step::AllConnected),
        2 => (1_u64..60, 0_u8..7).prop_map(|(peer, reason)| Step::Closed { peer, reason }),
        3 => any::<bool>().prop_map(Step::Flow),
        1 => Just(Step::Stall),
        2 => (1_u64..60, any::<bool>()).prop_map(|(peer, on)| Step::LayerSent { peer, on }),
        1 => any::<bool>().prop_map(Step::Unwanted),
        2 => (0_u64..40_000).prop_map(Step::Wait),
        3 => (0_u64..4_000).prop_map(Step::Wait),
        2 => any::<bool>().prop_map(Step::Answers),
    ]
}

fn text(what: u8) -> String {
    let offer = |sdp: &str, more: &str| {
        let sdp = serde_json::to_string(sdp).unwrap();
        format!(r#"{{"type":"offer","sdp":{sdp}{more}}}"#)
    };
    match what {
        0..=2 => offer(&sending(u32::from(what)), ""),
        3 => offer(&sending(5), r#","pc":"pub","neg":4,"key":"k""#),
        4 => offer(RECEIVING, ""),
        5 => offer(RECEIVING, r#","pc":"sub""#),
        6 => offer(&sending(1), r#","room":"other""#),
        7 | 8 => r#"{"type":"answer","sdp":"v=0"}"#.into(),
        9 => r#"{"type":"answer","sdp":"v=0","pc":"sub","neg":1}"#.into(),
        10 => r#"{"type":"hello","v":1,"role":"fan"}"#.into(),
        11 => r#"{"type":"hello","v":1,"role":"host","key":"k","name":"小明"}"#.into(),
        12 => r#"{"type":"hello","v":1,"role":"host"}"#.into(),
        13 => format!(r#"{{"type":"hello","v":1,"role":"fan","resume":"{:032x}"}}"#, 1),
        14 => format!(r#"{{"type":"hello","v":1,"role":"host","resume":"{:032x}"}}"#, 2),
        15 => r#"{"type":"golive"}"#.into(),
        16 => r#"{"type":"end"}"#.into(),
        17 => r#"{"type":"leave"}"#.into(),
        18 => r#"{"type":"media_state","audio":false,"video":true}"#.into(),
        19 => r#"{"type":"restart","pc":"sub"}"#.into(),
        20 => r#"{"type":"ping","t":1}"#.into(),
        21 => r#"{"type":"offer_ice","iceCandidate":null}"#.into(),
        22 => r#"{"type":"hello","v":1,"role":"fan","room":"other"}"#.into(),
        23 => r#"{"type":"layer","video":"q","visible":false}"#.into(),
        24 => r#"{"type":"layer","video":"off","visible":true}"#.into(),
        25 => r#"{"type":"hello","v":1,"role":"host","caps":{"pauses":true}}"#.into(),
        26 => {
            r#"{"type":"media_state","audio":true,"video":true,"layers":[{"rid":"q","w":9,"h":9}]}"#
                .into()
        }
        _ => r#"{"type":"answer","sdp":"v=0","pc":"pub"}"#.into(),
    }
}

fn request(what: u8) -> Request {
    match what {
        0..=2 => Request::Publish { offer: sending(u32::from(what.min(1))) },
        3 | 4 => Request::Watch { offer: Some(RECEIVING.into()) },
        5 => Request::Watch { offer: None },
        6 => Request::Answer { sdp: "v=0".into() },
        _ => Request::Prefer { video: protocol::LayerName::parse("q").unwrap() },
    }
}

fn take(w: &mut World, step: Step) {
    let reasons = [
        CloseReason::Requested,
        CloseReason::Replaced,
        CloseReason::Remote,
        CloseReason::ConnectTimeout,
        CloseReason::ConsentExpired,
        CloseReason::Dtls,
        CloseReason::Internal,
        CloseReason::Flooding,
    ];
    match step {
        Step::Open { ip, role, key } => {
            let ip = format!("192.0.2.{ip}");
            _ = w.try_open(&ip, false, query(role, key.then_some("k")));
        }
        Step::Join { ip, role, again } => {
            // A door that names a client twice does so while the first is there.
            let again = again.map(ClientId);
            let again = again.filter(|client| w.hub.cx.directory.clients.contains_key(client));
            let client = again.unwrap_or_else(|| w.new_client());
            w.begin_join(client, &format!("192.0.2.{ip}"), role);
        }
        Step::Ask { client, what } => {
            w.begin(ClientId(client), request(what));
        }
        Step::Say { socket, what } => w.say(ClientId(socket), &text(what)),
        Step::Drop { socket, code } => w.drop_socket(ClientId(socket), code),
        Step::Reject(error) => {
            w.media.rejects = Some(match error {
                0 => NegotiationError::Full,
                1 => NegotiationError::UnknownPeer,
                2 => NegotiationError::NoCodec,
                _ => NegotiationError::malformed(""),
            });
        }
        Step::Connected { peer } => w.event(Event::Connected { peer: media_api::PeerId(peer) }),
        Step::AllConnected => {
            let peers: Vec<_> = w.hub.cx.directory.peers.keys().copied().collect();
            for peer in peers {
                w.event(Event::Connected { peer });
            }
        }
        Step::Closed { peer, reason } => {
            w.closes(media_api::PeerId(peer), reasons[usize::from(reason)]);
        }
        Step::Flow(vp8) if has_room(w) => w.flow_as(if vp8 { Codec::Vp8 } else { Codec::H264 }),
        Step::Stall if has_room(w) => w.stall(),
        Step::LayerSent { peer, on } => w.event(Event::LayerSent {
            peer: media_api::PeerId(peer),
            has_picture: on,
            layer: on.then(|| "q".into()),
            reason: media_api::Reason::Link,
        }),
        Step::Unwanted(any) if has_room(w) => {
            let layers = if any { vec!["q".into()] } else { Vec::new() };
            w.event(Event::LayersUnwanted { room: w.default_room(), layers });
        }
        Step::Flow(_) | Step::Stall | Step::Unwanted(_) => {}
        Step::Wait(ms) => w.ms(ms),
        Step::Answers(answers) => w.answers = answers,
    }
}

fn has_room(w: &World) -> bool {
    w.hub.cx.directory.rooms.keys().any(|name| name.as_str() == "default")
}

fn run(mut w: World, steps: Vec<Step>) {
    for step in steps {
        take(&mut w, step);
        books::check(&w.hub, &w.admission, w.max_viewers);
    }
    // Everybody vanishes: in the end nothing is left.
    w.answers = true;
    let sockets: Vec<_> = w.hub.cx.directory.clients.keys().copied().collect();
    for socket in sockets {
        w.drop_socket(socket, None);
    }
    let peers: Vec<_> = w.hub.cx.directory.peers.keys().copied().collect();
    for peer in peers {
        w.closes(peer, CloseReason::ConsentExpired);
    }
    assert!(w.open_requests.is_empty(), "without reply: {:?}", w.open_requests);
    w.seconds(600);
    books::check(&w.hub, &w.admission, w.max_viewers);
    assert_eq!(w.hub.rooms.len(), 0);
    assert_eq!(w.hub.poll_timeout(), None);
    let lines = w.log();
    let count = |begins: &str| lines.iter().filter(|line| line.starts_with(begins)).count();
    for who in ["publisher", "viewer"] {
        let (joined, left) = (count(&format!("{who} joined")), count(&format!("{who} left")));
        assert_eq!(joined, left, "{lines:#?}");
    }
    assert_eq!(count("broadcast is live"), count("broadcast ended"), "{lines:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_books_balance_whatever_happens(steps in prop::collection::vec(step(), 1..120)) {
        run(World::with(|setup| {
            setup.max_viewers = 4;
            setup.capacity.max_peers = 24;
            setup.capacity.sessions_per_network = 20;
        }), steps);
    }
}

proptest! {
    // Few programs reach the last place at the right moment.
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn the_books_balance_where_there_are_few_places(
        max_peers in 2_usize..=4,
        steps in prop::collection::vec(step(), 1..120),
    ) {
        run(World::with(|setup| {
            setup.max_viewers = 3;
            setup.capacity.max_peers = max_peers;
            setup.capacity.sessions_per_network = 6;
        }), steps);
    }
}
