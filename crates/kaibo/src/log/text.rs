//! The text of one line, in either format. What a stranger has written stays one value of one line.

use std::fmt::Write;

use server::config::LogFormat;

/// The longest line, in bytes: a session description with many candidates fits, when it is escaped.
pub(super) const MAX_BYTES: usize = 16 * 1024;

/// A line that is being made: its message, then its fields.
#[derive(Debug)]
pub(super) struct Text {
    format: LogFormat,
    message: String,
    fields: String,
    is_full: bool,
}

impl Text {
    pub(super) fn new(format: LogFormat) -> Self {
        Self { format, message: String::new(), fields: String::new(), is_full: false }
    }

    /// A line of one sentence.
    pub(super) fn of(format: LogFormat, message: &str) -> Self {
        let mut text = Self::new(format);
        text.message(message);
        text
    }

    /// Adds to the message.
    pub(super) fn message(&mut self, text: &str) {
        let room = self.room();
        match self.format {
            LogFormat::Human => push_text(&mut self.message, text),
            LogFormat::Json => self.is_full |= push_json(&mut self.message, text, room),
        }
    }

    /// Adds a field with words.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        let room = self.room();
        match self.format {
            LogFormat::Human => {
                // Writing to a string does not fail.
                _ = write!(self.fields, " {name}=");
                push_value(&mut self.fields, value);
            }
            // A name is of our code.
            LogFormat::Json if !self.is_full => {
                _ = write!(self.fields, ",\"{name}\":\"");
                self.is_full = push_json(&mut self.fields, value, room);
                self.fields.push('"');
            }
            LogFormat::Json => {}
        }
    }

    /// Adds a field with a number, `true` or `false`.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        match self.format {
            LogFormat::Human => self.field(name, value),
            LogFormat::Json if !self.is_full => _ = write!(self.fields, ",\"{name}\":{value}"),
            LogFormat::Json => {}
        }
    }

    /// The line without what stands before it; cut off where it is longer than [`MAX_BYTES`]. `left_out`: lines of the
    /// same kind before it that were not written.
    pub(super) fn finish(self, left_out: u64) -> String {
        let Self { format, mut message, fields, .. } = self;
        match format {
            LogFormat::Human => {
                message.push_str(&fields);
                cut(&mut message, MAX_BYTES);
                if left_out > 0 {
                    _ = write!(message, " left_out={left_out}");
                }
                message
            }
            LogFormat::Json => {
                let mut text = format!("\"message\":\"{message}\"{fields}");
                if left_out > 0 {
                    _ = write!(text, ",\"left_out\":{left_out}");
                }
                text
            }
        }
    }

    fn room(&self) -> usize {
        MAX_BYTES.saturating_sub(self.message.len() + self.fields.len())
    }
}

/// Adds the value of a field: bare where that is plain, else in quotes, with what is not printable escaped.
fn push_value(out: &mut String, value: &str) {
    let is_plain =
        |c: char| !c.is_whitespace() && !matches!(c, '"' | '=' | '\\') && is_printable(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        out.push_str(value);
    } else {
        _ = write!(out, "{value:?}");
    }
}

/// Adds text that stands for itself, with what is not printable escaped.
fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        if is_printable(c) {
            out.push(c);
        } else {
            out.extend(c.escape_debug());
        }
    }
}

/// Adds what stands between quotes in JSON (RFC 8259, section 7), in at most so many bytes; whether it was cut off. What
/// is not printable is escaped, too: people read these lines on terminals.
fn push_json(out: &mut String, text: &str, room: usize) -> bool {
    let most = out.len() + room;
    for c in text.chars() {
        let before = out.len();
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
        if out.len() > most {
            out.truncate(before);
            out.push('…');
            return true;
        }
    }
    false
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
pub(super) fn char_boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|it| text.is_char_boundary(*it)).unwrap_or_default()
}
