//! Why a text is not read.

/// Why a description or a fragment is not read: a sentence with the number of the line.
///
/// It never repeats any of the text, which has passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", at(*.line))]
pub struct Error {
    line: Option<u32>,
    why: &'static str,
    is_too_large: bool,
}

impl Error {
    /// What cannot be read, or lacks something.
    pub const fn malformed(why: &'static str) -> Self {
        Self { line: None, why, is_too_large: false }
    }

    /// What is beyond a limit.
    pub const fn too_large(why: &'static str) -> Self {
        Self { line: None, why, is_too_large: true }
    }

    /// Adds the number of the line, from 1 on.
    #[must_use]
    pub fn at_line(self, line: impl Into<Option<u32>>) -> Self {
        Self { line: line.into(), ..self }
    }

    /// The number of the line that is meant, from 1 on; `None` when it is not one line.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The sentence without the number of the line.
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
