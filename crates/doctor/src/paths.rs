//! The sentences about ways from a device, which the pages have too: `web/src/i18n/paths.json`.

use std::collections::HashMap;
use std::sync::LazyLock;

use protocol::{DoctorPath, PathState, Words};

static TEXTS: LazyLock<HashMap<String, Words>> = LazyLock::new(|| {
    let text = include_str!("../../../web/src/i18n/paths.json");
    serde_json::from_str(text).expect("a test reads this file")
});

/// What a way is called.
pub fn path_name(path: DoctorPath) -> Words {
    text(&format!("path.{}", key(path)))
}

/// What its state means, and what to do; `None` when it works.
pub fn path_text(path: DoctorPath, state: PathState, port: u16, host: &str) -> Option<Words> {
    let state = match state {
        PathState::Works => return None,
        PathState::Closed => "closed",
        PathState::NotOffered => "not_offered",
        PathState::NotTried => "not_tried",
    };
    let Words { en, zh } = text(&format!("{state}.{}", key(path)));
    let fill = |text: String| text.replace("{port}", &port.to_string()).replace("{host}", host);
    Some(Words { en: fill(en), zh: fill(zh) })
}

fn text(key: &str) -> Words {
    TEXTS.get(key).cloned().unwrap_or_else(|| Words { en: key.into(), zh: key.into() })
}

fn key(path: DoctorPath) -> &'static str {
    match path {
        DoctorPath::Https => "https",
        DoctorPath::WebSocket => "web_socket",
        DoctorPath::Udp4 => "udp4",
        DoctorPath::Udp6 => "udp6",
        DoctorPath::Tcp4 => "tcp4",
        DoctorPath::Tcp6 => "tcp6",
        DoctorPath::Turn => "turn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_has_a_name_and_words_for_every_state() {
        use DoctorPath::{Https, Tcp4, Tcp6, Turn, Udp4, Udp6, WebSocket};
        for path in [Https, WebSocket, Udp4, Udp6, Tcp4, Tcp6, Turn] {
            assert!(TEXTS.contains_key(&format!("path.{}", key(path))), "{path:?}");
            for state in [PathState::Closed, PathState::NotOffered, PathState::NotTried] {
                let Words { en, zh } = path_text(path, state, 3000, "live.example.com").unwrap();
                assert!(en.len() > 10 && zh.len() > 10, "{path:?} {state:?}");
                assert!(!en.contains('{') && !zh.contains('{'), "{en} {zh}");
            }
            assert_eq!(path_text(path, PathState::Works, 1, ""), None);
        }
    }
}
