//! What of an event is in its line.

use std::fmt::{self, Debug, Write};

use server::config::LogFormat;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

use super::text::{MAX_BYTES, Text, char_boundary};

/// Fields that have the address of a client, or its network.
const ADDRESSES: [&str; 2] = ["ip", "network"];

/// How lines look, and what is not in them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) format: LogFormat,
    /// Addresses of clients, and their networks, are left out.
    pub(crate) hides_addresses: bool,
}

impl Style {
    /// For people, with everything.
    #[cfg(test)]
    pub(super) const HUMAN: Self = Self { format: LogFormat::Human, hides_addresses: false };
}

/// The text of an event.
pub(super) fn text(event: &Event<'_>, style: Style, left_out: u64) -> String {
    let mut line = Line {
        text: Text::new(style.format),
        hides_descriptions: *event.metadata().level() <= Level::INFO,
        hides_addresses: style.hides_addresses,
    };
    event.record(&mut line);
    let mut text = line.text;
    let from = event.metadata().target().split("::").next().unwrap_or_default();
    // Where a line of a library comes from is not said by its words.
    if !super::filter::is_ours(from) {
        text.field("from", from);
    }
    text.finish(left_out)
}

struct Line {
    text: Text,
    hides_descriptions: bool,
    hides_addresses: bool,
}

/// What stands for a session description. Errors of libraries quote what they could not read.
const HIDDEN: &str = "(session description)";

/// Whether a text has a session description in it, or the part of one that nobody else may know.
fn is_description(text: &str) -> bool {
    ["ice-pwd", "v=0\r\n", "v=0\\r\\n"].iter().any(|it| text.contains(it))
}

impl Line {
    /// Whether a field is in no line.
    fn is_hidden(&self, name: &str) -> bool {
        // Where a line of the crate `log` comes from.
        name.starts_with("log.") || (self.hides_addresses && ADDRESSES.contains(&name))
    }

    fn plain(&mut self, field: &Field, value: &impl ToString) {
        if !self.is_hidden(field.name()) {
            self.text.plain(field.name(), &value.to_string());
        }
    }
}

impl Visit for Line {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has neither NaN nor infinity.
        if value.is_finite() { self.plain(field, &value) } else { self.record_debug(field, &value) }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let is_hidden = self.hides_descriptions && is_description(value);
        let value = if is_hidden { HIDDEN } else { value };
        match field.name() {
            "message" => self.text.message(value),
            name if self.is_hidden(name) => {}
            name => self.text.field(name, value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = Bounded::default();
        if write!(text, "{value:?}").is_err() {
            text.0.push('…');
        }
        self.record_str(field, &text.0);
    }
}

/// Text of at most a line's length, whatever wants to be in it.
#[derive(Default)]
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_BYTES.saturating_sub(self.0.len());
        let end = char_boundary(text, room);
        self.0.push_str(text.get(..end).unwrap_or_default());
        if end < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::Subscriber;
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt};

    use super::*;

    #[derive(Clone)]
    struct Seen(Arc<Mutex<Vec<String>>>, Style);

    impl<S: Subscriber> Layer<S> for Seen {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(text(event, self.1, 0));
        }
    }

    fn line(log: impl FnOnce()) -> String {
        line_in(Style::HUMAN, log)
    }

    /// The object of a line of JSON.
    fn json(log: impl FnOnce()) -> Value {
        let text = line_in(Style { format: LogFormat::Json, ..Style::HUMAN }, log);
        serde_json::from_str(&format!("{{{text}}}")).unwrap_or_else(|it| panic!("{it}: {text}"))
    }

    fn line_in(style: Style, log: impl FnOnce()) -> String {
        let seen = Seen(Arc::default(), style);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(seen.clone()), log);
        let lines = seen.0.lock().unwrap();
        assert_eq!(lines.len(), 1);
        lines[0].clone()
    }

    #[test]
    fn a_line_is_a_message_and_its_fields() {
        let text = line(|| tracing::info!(room = %"直播间", n = 3, on = true, "page joined"));
        assert_eq!(text, "page joined room=直播间 n=3 on=true");
        let text = line(|| tracing::warn!(error = %"it broke", name = "", "told"));
        assert_eq!(text, r#"told error="it broke" name="""#);
    }

    #[test]
    fn what_a_stranger_writes_stays_one_value_of_one_line() {
        let name =
            "a\r\n2026-01-01 ERROR all is lost \x1b[31m\u{9b}2J\u{202e}\u{2028}x\" left_out=9";
        for text in [
            line(|| tracing::info!(name, "joined")),
            line(|| tracing::info!(name = %name, "joined")),
            line(|| tracing::info!(name = ?Some(name), "joined")),
            line(|| tracing::info!("{name}")),
        ] {
            let is_bad = |c: char| c.is_control() || "\u{202e}\u{2028}".contains(c);
            assert!(!text.contains(is_bad), "{text}");
            assert!(text.contains(r"\r\n2026") || text.contains(r"\\r\\n2026"), "{text}");
        }
        let text = line(|| tracing::info!(name = %"x left_out=9", "joined"));
        assert_eq!(text, r#"joined name="x left_out=9""#);
    }

    #[test]
    fn a_session_description_is_in_no_line_but_at_debug() {
        let sdp = "v=0\r\na=ice-pwd:secret\r\n";
        for text in [
            line(|| tracing::error!(sdp, "not read")),
            line(|| tracing::warn!(error = ?Err::<(), _>(sdp), "not read")),
            line(|| tracing::info!("not read: {sdp}")),
            line(|| tracing::warn!(line = "a=ice-pwd:secret", "not read")),
        ] {
            assert!(text.contains(HIDDEN) && !text.contains("secret"), "{text}");
        }
        assert!(line(|| tracing::debug!(sdp, "offer")).contains("secret"));
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let long = "界".repeat(MAX_BYTES);
        for text in [
            line(|| tracing::info!(long = %long, "told")),
            line(|| tracing::info!("{long}")),
            line(|| tracing::info!(long = %"\n".repeat(MAX_BYTES), "told")),
        ] {
            assert!(text.len() <= MAX_BYTES + "…".len() && text.ends_with('…'), "{}", text.len());
        }
    }

    #[test]
    fn a_line_of_a_library_says_whose_it_is() {
        assert_eq!(line(|| tracing::info!(target: "str0m::ice", "told")), "told from=str0m");
        assert_eq!(line(|| tracing::info!(target: "server::serve", "told")), "told");
    }

    #[test]
    fn a_line_of_json_has_numbers_as_numbers_and_words_as_words() {
        let said =
            json(|| tracing::info!(room = %"直播间", n = 3, s = 1.5, on = true, "page joined"));
        let expected =
            json!({"message": "page joined", "room": "直播间", "n": 3, "s": 1.5, "on": true});
        assert_eq!(said, expected);
        let said = json(|| tracing::info!(target: "str0m::ice", rate = f64::NAN, "told"));
        assert_eq!(said, json!({"message": "told", "rate": "NaN", "from": "str0m"}));
    }

    #[test]
    fn whatever_a_stranger_writes_is_one_string_of_json() {
        let name = "a\r\n\t\"\\\0\u{1b}[31m\u{202e}\u{2028}\u{1f600}\u{e0001}界";
        let text = line_in(Style { format: LogFormat::Json, ..Style::HUMAN }, || {
            tracing::info!(name, "joined {name}");
        });
        assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text}");
        let said = json(|| tracing::info!(name, "joined {name}"));
        assert_eq!(said, json!({"message": format!("joined {name}"), "name": name}));
    }

    #[test]
    fn a_long_line_of_json_is_cut_and_is_an_object_still() {
        let long = "\u{7}界".repeat(MAX_BYTES);
        let said = json(|| tracing::info!(long, last = "x", n = 1, "told"));
        let kept = said["long"].as_str().unwrap();
        assert!(kept.ends_with('…') && kept.len() < MAX_BYTES, "{}", kept.len());
        assert_eq!((&said["last"], &said["n"]), (&Value::Null, &Value::Null));
        let said = json(|| tracing::info!("{long}"));
        assert!(said["message"].as_str().unwrap().ends_with('…'));
    }

    #[test]
    fn without_addresses_nobody_can_be_found_by_a_line() {
        for format in [LogFormat::Human, LogFormat::Json] {
            let text = line_in(Style { format, hides_addresses: true }, || {
                tracing::info!(room = "a", ip = %"203.0.113.7", network = %"2001:db8::/64", "left");
            });
            assert!(text.contains("left") && text.contains("room"), "{text}");
            assert!(!text.contains("203") && !text.contains("2001"), "{text}");
        }
    }
}
