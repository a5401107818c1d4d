//! The text of one line: the message, then `name=value` as logfmt has it. What a stranger has written stays
//! one value of one line.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// The longest line, in bytes: a session description with many candidates fits, when it is escaped.
pub(super) const MAX_BYTES: usize = 16 * 1024;

/// The text of an event.
pub(super) fn text(event: &Event<'_>, left_out: u64) -> String {
    let mut line = Line { hides: *event.metadata().level() <= Level::INFO, ..Line::default() };
    event.record(&mut line);
    let Line { message: mut text, fields, .. } = line;
    text.push_str(&fields);
    let from = event.metadata().target().split("::").next().unwrap_or_default();
    // Where a line of a library comes from is not said by its words.
    if !super::filter::is_ours(from) {
        // Writing to a string does not fail.
        _ = write!(text, " from={from}");
    }
    cut(&mut text, MAX_BYTES);
    if left_out > 0 {
        _ = write!(text, " left_out={left_out}");
    }
    text
}

/// Adds the value of a field: bare where that is plain, else in quotes, with what is not printable escaped.
pub(super) fn push_value(out: &mut String, value: &str) {
    let is_plain =
        |c: char| !c.is_whitespace() && !matches!(c, '"' | '=' | '\\') && is_printable(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        out.push_str(value);
    } else {
        _ = write!(out, "{value:?}");
    }
}

/// Adds text that stands for itself, with what is not printable escaped.
pub(super) fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        if is_printable(c) {
            out.push(c);
        } else {
            out.extend(c.escape_debug());
        }
    }
}

/// Not a control character, one that turns the direction of writing, or one that is not seen.
fn is_printable(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

/// Cuts a text off, and says so.
fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(char_boundary(text, most));
        text.push('…');
    }
}

/// The end of the last whole character within so many bytes.
fn char_boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|it| text.is_char_boundary(*it)).unwrap_or_default()
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
    /// Session descriptions are left out.
    hides: bool,
}

/// What stands for a session description. Errors of libraries quote what they could not read.
const HIDDEN: &str = "(session description)";

/// Whether a text has a session description in it, or the part of one that nobody else may know.
fn is_description(text: &str) -> bool {
    ["ice-pwd", "v=0\r\n", "v=0\\r\\n"].iter().any(|it| text.contains(it))
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        let value = if self.hides && is_description(value) { HIDDEN } else { value };
        match field.name() {
            "message" => push_text(&mut self.message, value),
            // Where a line of the crate `log` comes from.
            name if name.starts_with("log.") => {}
            name => {
                _ = write!(self.fields, " {name}=");
                push_value(&mut self.fields, value);
            }
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

    use tracing::Subscriber;
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::{Context, SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Seen {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(text(event, 0));
        }
    }

    fn line(log: impl FnOnce()) -> String {
        let seen = Seen::default();
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
}
