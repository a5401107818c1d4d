//! The report of a check, as JSON.

mod text;

use serde::Serialize;

use crate::catalog::Protocol;
use crate::http::Exchange;
use crate::rule::Level;

/// What became of one requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It could not be looked at, or the server does not claim it: the reason says which.
    NotApplicable,
    /// The server does it.
    Pass,
    /// The server does not: the reason says what it did instead.
    Fail,
}

/// One requirement and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// Its number, as `WHIP-07`: the same in all versions of this program.
    pub id: String,
    /// Its name; what both protocols ask for has the same one in both.
    pub name: String,
    /// The document that asks for it.
    pub document: &'static str,
    /// Where in it.
    pub section: &'static str,
    /// How strongly.
    pub level: Level,
    /// What is asked for, in our words.
    pub sentence: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it failed or does not apply; empty of a pass.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What was sent and answered; tokens are not in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Exchange>,
}

/// All requirements of a protocol. Its text is one line each, and what was sent and answered beneath
/// those that failed.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was checked.
    pub protocol: Protocol,
    /// Where, without a token.
    pub url: String,
    /// Whether the check came to its end; `false` when it ran out of time, or nothing was published
    /// that could be watched.
    pub complete: bool,
    /// In the order of their numbers.
    pub verdicts: Vec<Verdict>,
}

impl Verdict {
    /// Whether the server does not do what it has to.
    #[must_use]
    pub fn is_failed(&self, level: Level) -> bool {
        self.outcome == Outcome::Fail && self.level == level
    }
}

impl Report {
    /// Whether a MUST failed, or the check did not come to its end.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.complete || self.verdicts.iter().any(|it| it.is_failed(Level::Must))
    }

    /// Whether a SHOULD failed.
    #[must_use]
    pub fn has_failed_should(&self) -> bool {
        self.verdicts.iter().any(|it| it.is_failed(Level::Should))
    }

    /// As JSON, one object. Numbers of outcomes come first.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Whole<'a> {
            pass: usize,
            fail: usize,
            not_applicable: usize,
            #[serde(flatten)]
            report: &'a Report,
        }
        let whole = Whole {
            pass: self.count(Outcome::Pass),
            fail: self.count(Outcome::Fail),
            not_applicable: self.count(Outcome::NotApplicable),
            report: self,
        };
        serde_json::to_string_pretty(&whole).expect("strings and numbers are JSON")
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.verdicts.iter().filter(|it| it.outcome == outcome).count()
    }
}
