//! What must hold for any bytes of a client: rounds of the fuzz targets, which `tests/fuzz.rs` runs briefly.

use crate::{
    ClientFrame, ClientMessage, DisplayName, ErrorCode, LayerName, MAX_SDP_BYTES,
    MAX_SMALL_MESSAGE_BYTES, RoomName,
};

/// A frame is read within its bounds and says the same when it is written again, or is refused in a sentence.
pub fn client_frame(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let frame = match ClientFrame::parse(text) {
        Ok(frame) => frame,
        Err(error) => {
            let codes =
                [ErrorCode::BadJson, ErrorCode::BadType, ErrorCode::BadField, ErrorCode::TooLarge];
            assert!(codes.contains(&error.code), "{error:?}");
            assert!(error.message.len() < 600, "an error repeats no more than a name: {error}");
            return;
        }
    };
    if let ClientMessage::Offer { sdp, .. } | ClientMessage::Answer { sdp, .. } = &frame.message {
        assert!(sdp.len() <= MAX_SDP_BYTES);
    } else {
        assert!(text.len() <= MAX_SMALL_MESSAGE_BYTES);
    }
    let mark = frame.id.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(mark.len() <= 6 * 64 + 2, "a mark is echoed, so it is small: {mark}");
    let Ok(written) = serde_json::to_string(&frame.message) else { panic!("{frame:?}") };
    if written.len() < MAX_SMALL_MESSAGE_BYTES {
        let again = ClientFrame::parse(&written).map(|it| it.message);
        assert_eq!(again, Ok(frame.message), "{written}");
    }
}

/// A name that is taken is within its bounds, is taken again as it is, and hides nothing.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(name) = RoomName::parse(text) {
        assert!(name.as_str().chars().count() <= RoomName::MAX_CHARS);
        assert!(!name.as_str().contains(['/', '.', '%', '?', '#', ' ', '"', '<']));
        assert_eq!(RoomName::parse(name.as_str()), Ok(name));
    }
    if let Ok(name) = DisplayName::parse(text) {
        let n_chars = name.as_str().chars().count();
        assert!((1..=DisplayName::MAX_CHARS).contains(&n_chars));
        assert!(!name.as_str().contains(char::is_control));
        assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
    }
    if let Ok(name) = LayerName::parse(text) {
        assert_eq!(name.as_str(), text);
        assert!(text.is_ascii() && text.len() <= LayerName::MAX_CHARS);
    }
}
