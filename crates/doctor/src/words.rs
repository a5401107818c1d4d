//! A sentence in both languages, and what a check says with it.

use protocol::{DoctorFinding, DoctorLevel, Words};

/// A sentence.
pub(crate) fn words(en: impl Into<String>, zh: impl Into<String>) -> Words {
    Words { en: en.into(), zh: zh.into() }
}

/// All is well.
pub(crate) fn fine(check: &str, text: Words) -> DoctorFinding {
    DoctorFinding { check: check.into(), level: DoctorLevel::Fine, text, advice: None }
}

/// It works, and could be better.
pub(crate) fn advice(check: &str, text: Words, advice: Words) -> DoctorFinding {
    let level = DoctorLevel::Advice;
    DoctorFinding { check: check.into(), level, text, advice: Some(advice) }
}

/// Somebody cannot reach the server.
pub(crate) fn closed(check: &str, text: Words, advice: Words) -> DoctorFinding {
    let level = DoctorLevel::Closed;
    DoctorFinding { check: check.into(), level, text, advice: Some(advice) }
}

/// Some things in a row, as in `203.0.113.7, 2001:db8::7`.
pub(crate) fn list(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<String> = items.into_iter().map(|it| it.to_string()).collect();
    items.join(", ")
}
