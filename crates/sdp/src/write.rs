//! Writes descriptions.

use std::fmt::{Display, Write as _};

use crate::lines::{Line, lines};

/// Writes lines that end with CRLF.
#[derive(Debug, Default)]
pub struct Writer(String);

impl Writer {
    /// Creates a writer with space for this many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Writes a line unchanged, for example `v=0`.
    pub fn line(&mut self, line: impl Display) {
        // Writing to a string does not fail.
        _ = write!(self.0, "{line}\r\n");
    }

    /// Writes `a=name`.
    pub fn flag(&mut self, name: &str) {
        self.line(format_args!("a={name}"));
    }

    /// Writes `a=name:value`.
    pub fn attribute(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("a={name}:{value}"));
    }

    /// The written text.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// Changes the lines of a description. `change` receives each line and writes its replacement: nothing, a line, or
/// several. Empty lines are removed, and all lines end with CRLF.
pub fn rewritten(text: &str, mut change: impl FnMut(Line<'_>, &mut Writer)) -> String {
    let mut writer = Writer::with_capacity(text.len() + 64);
    for line in lines(text).filter(|it| !it.text().is_empty()) {
        change(line, &mut writer);
    }
    writer.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_kept_replaced_left_out_or_followed() {
        let text = "v=0\na=mid:0 \r\n\na=setup:active\na=candidate:1\n";
        let out = rewritten(text, |line, out| match line.attribute() {
            Some(("candidate", _)) => {}
            Some(("setup", _)) => out.attribute("setup", "passive"),
            Some(("mid", _)) => {
                out.line(line.text());
                out.flag("rtcp-mux");
            }
            _ => out.line(line.text()),
        });
        assert_eq!(out, "v=0\r\na=mid:0\r\na=rtcp-mux\r\na=setup:passive\r\n");
    }
}
