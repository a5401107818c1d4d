//! Slow lines: `hello` after the silence.

use protocol::Pc;

use super::world::{World, offers};

#[test]
fn a_hello_that_comes_late_withdraws_the_offer_made_for_a_basic_page() {
    let mut w = World::new();
    w.host("");
    let fan = w.open();
    w.ms(800);
    assert_eq!(offers(&w.take(fan)), [(None, None)]);
    let old = w.last_peer();
    w.hello(fan, r#""role":"fan""#);
    assert!(w.commands.contains(&media_api::Command::Close { peer: old }));
    assert_eq!(offers(&w.take(fan)), [(Some(Pc::Sub), Some(1))]);
    w.answer_neg(fan, 1);
    assert_eq!(w.errors(fan), []);
}

#[test]
fn a_late_host_is_not_left_with_a_fans_connection() {
    let mut w = World::new();
    w.basic_host();
    let page = w.open();
    w.ms(300);
    w.hello(page, r#""role":"host","room":"mine""#);
    assert_eq!(w.types(page), ["offer", "welcome", "chats", "viewers"]);
    assert_eq!(w.hub.cx.directory.peers.len(), 1, "only the basic host's");
}
