//! Descriptions of browsers, and what we make of them.

use super::*;

#[test]
fn the_bounds_at_the_door_hold_for_what_we_write() {
    let local = Local {
        ufrag: "OurUfrag",
        pwd: "OurPasswordOf24Characters",
        fingerprint: &Fingerprint([0xAB; 32]).to_string(),
        candidates: &["192.0.2.1:3000".parse().unwrap()],
        session_id: 7,
        version: 1,
        cname: "kaibo",
        stream_id: "kaibo",
        audio_ssrc: 1,
        video_ssrc: 2,
        rtx_ssrc: 3,
    };
    crate::sdp::within_bounds(&offer(&local, &Layout::ours())).unwrap();
}
