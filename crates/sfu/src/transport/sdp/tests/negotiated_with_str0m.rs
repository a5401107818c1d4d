//! Exchanges offers and answers with str0m in place of a browser.

use str0m::Rtc;
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::media::{Direction, MediaKind};

use super::*;
use crate::testing::START;

const FORMATS: [(Codec, &str); 7] = [
    (Codec::Opus, ""),
    (Codec::Vp8, ""),
    (Codec::H264, "packetization-mode=1;profile-level-id=42e01f"),
    (Codec::H264, "packetization-mode=0;profile-level-id=42e01f"),
    (Codec::H264, "packetization-mode=1;profile-level-id=64001f"),
    (Codec::Vp9, "profile-id=2"),
    (Codec::Av1, ""),
];

fn client() -> Rtc {
    let crypto = std::sync::Arc::new(str0m::crypto::from_feature_flags());
    Rtc::builder().set_crypto_provider(crypto).build(*START)
}

/// The client accepts the format that it would be sent.
fn plays(client: &Rtc, remote: &Remote) {
    for (codec, fmtp) in FORMATS {
        let (pt, rtx) = pts(remote, codec, fmtp).unwrap();
        let params = client.codec_config().params().iter().find(|it| *it.pt() == pt).unwrap();
        assert!(params.spec().codec.to_string().eq_ignore_ascii_case(codec.as_str()));
        let theirs = format(codec, &params.spec().format.to_string());
        assert_eq!(format(codec, fmtp).fit_format(&theirs), Some(2), "{codec} {fmtp}");
        assert_eq!(params.resend().map(|it| *it), rtx);
    }
}

#[test]
fn a_client_takes_our_offer_and_we_its_answer() {
    let mut client = client();
    let addresses = addresses();
    let text = offer(&local(&addresses), Layout::ours());
    let answer = client.sdp_api().accept_offer(SdpOffer::from_sdp_string(&text).unwrap()).unwrap();
    let remote = read_answer(&answer.to_sdp_string(), Layout::ours()).unwrap();
    // If it has the choice it waits, unlike browsers.
    assert_eq!(remote.transport.role, DtlsRole::Client);
    assert_eq!(codecs(&remote), [Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1]);
    plays(&client, &remote);
    for (mid, kind) in [("0", MediaKind::Audio), ("1", MediaKind::Video)] {
        let media = client.media(mid.into()).unwrap();
        assert_eq!((media.kind(), media.direction()), (kind, Direction::RecvOnly));
    }
    let creds = client.direct_api().local_ice_credentials();
    assert_eq!(
        (remote.transport.ufrag.as_str(), remote.transport.pwd.as_str()),
        (creds.ufrag.as_str(), creds.pass.as_str())
    );
    assert_eq!(
        remote.transport.fingerprint.bytes(),
        client.direct_api().local_dtls_fingerprint().bytes
    );

    // Again, with other credentials.
    let again = Local { transports: &[ANOTHER], version: 2, ..local(&addresses) };
    let text = offer(&again, &remote.layout);
    let answer = client.sdp_api().accept_offer(SdpOffer::from_sdp_string(&text).unwrap()).unwrap();
    let restarted = read_answer(&answer.to_sdp_string(), &remote.layout).unwrap();
    assert_ne!(restarted.transport.ufrag, remote.transport.ufrag);
    plays(&client, &restarted);
}

#[test]
fn a_client_that_offers_takes_our_answer() {
    for with_data in [false, true] {
        let mut client = client();
        let mut changes = client.sdp_api();
        if with_data {
            changes.add_channel("chat".to_owned());
        }
        let audio = changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        let video = changes.add_media(MediaKind::Video, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().unwrap();
        let remote = read_offer(&offer.to_sdp_string()).unwrap();
        let addresses = addresses();
        let text = answer(&local(&addresses), &remote);
        let answer = SdpAnswer::from_sdp_string(&text).unwrap();
        client.sdp_api().accept_answer(pending, answer).unwrap();
        for mid in [audio, video] {
            assert_eq!(client.media(mid).unwrap().direction(), Direction::RecvOnly, "{text}");
        }
        plays(&client, &remote);
    }
}
