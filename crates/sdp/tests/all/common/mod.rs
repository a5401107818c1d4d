//! Descriptions of browsers, encoders, players and libraries, as they sent them, and such as were written to differ from
//! those in one thing. They have LF line ends here; on the wire most have CRLF.

macro_rules! fixture {
    ($name:literal) => {
        ($name, include_str!(concat!("../../fixtures/", $name, ".sdp")))
    };
}

/// Names and texts.
pub(crate) const FIXTURES: [(&str, &str); 30] = [
    fixture!("b_after_mid"),
    fixture!("chromium_156_answer"),
    fixture!("chromium_156_offer"),
    fixture!("codec_order_of_m_line"),
    fixture!("empty_s"),
    fixture!("ffmpeg_9_whip_offer"),
    fixture!("firefox_153_answer"),
    fixture!("firefox_153_offer"),
    fixture!("gst_bundle_none_whep_offer"),
    fixture!("gst_bundle_none_whip_offer"),
    fixture!("gstreamer_whepclientsrc_offer"),
    fixture!("kaibo_offer"),
    fixture!("legacy_sim"),
    fixture!("no_bundle_single_mline"),
    fixture!("no_ssrc_lines_no_mid_ext"),
    fixture!("obs_offer"),
    fixture!("obs_offer_sim"),
    fixture!("obs_shape_nack_without_rtx"),
    fixture!("proto_savp"),
    fixture!("rtpmap_not_in_m_line"),
    fixture!("safari_18_answer"),
    fixture!("safari_18_offer"),
    fixture!("session_id_above_u64"),
    fixture!("sha512_only"),
    fixture!("sprop_only"),
    fixture!("two_b_lines"),
    fixture!("werift_pub_offer"),
    fixture!("werift_watch_offer"),
    fixture!("whep_audio_only"),
    fixture!("wrtc_watch_offer"),
];

/// The text of this name.
#[allow(dead_code, reason = "not every test needs one")]
pub(crate) fn fixture(name: &str) -> &'static str {
    FIXTURES.iter().find(|it| it.0 == name).unwrap().1
}
