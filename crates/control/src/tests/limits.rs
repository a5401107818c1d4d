//! Stopping, and what is held back.

use protocol::{CloseCode, ServerMessage};

use super::world::World;

#[test]
fn when_the_server_stops_everybody_is_told() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    let seed = w.open();
    w.ms(300);
    w.take(seed);
    w.input(crate::Input::Drain);
    for page in [host, fan] {
        let told = w.take(page);
        let Some(ServerMessage::Bye { reason, retry_ms: Some(_) }) = told.last() else {
            panic!("{told:?}")
        };
        assert_eq!(reason, "draining");
        assert_eq!(w.close_code(page), Some(CloseCode::GoingAway));
    }
    assert!(w.take(seed).is_empty());
    assert_eq!(w.close_code(seed), Some(CloseCode::GoingAway));
    let late = w.open();
    assert_eq!(w.close_code(late), Some(CloseCode::GoingAway));
}

#[test]
fn the_name_of_a_socket_is_used_once() {
    let mut w = World::new();
    let page = w.open();
    w.hello(page, "");
    w.take(page);
    w.open_again(page);
    w.say(page, r#"{"type":"ping","t":1}"#);
    assert_eq!(w.types(page), ["pong"]);
}
