//! Why a text is rejected.

/// Why a description or a fragment is rejected: a sentence with the line number.
///
/// It never contains any part of the text, which has passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", at(*.line))]
pub struct Error {
    line: Option<u32>,
    why: &'static str,
    is_too_large: bool,
}

impl Error {
    /// An error for a text that is invalid or incomplete.
    pub const fn malformed(why: &'static str) -> Self {
        Self { line: None, why, is_too_large: false }
    }

    /// An error for a text that exceeds a limit.
    pub const fn too_large(why: &'static str) -> Self {
        Self { line: None, why, is_too_large: true }
    }

    /// Adds the line number; the first line is 1.
    #[must_use]
    pub fn at_line(self, line: impl Into<Option<u32>>) -> Self {
        Self { line: line.into(), ..self }
    }

    /// The line number; `None` if the error is not about one line.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The sentence without the line number.
    pub fn why(&self) -> &'static str {
        self.why
    }

    /// Whether a limit is exceeded; otherwise the text is malformed.
    pub fn is_too_large(&self) -> bool {
        self.is_too_large
    }
}

fn at(line: Option<u32>) -> String {
    line.map(|it| format!("line {it}: ")).unwrap_or_default()
}
