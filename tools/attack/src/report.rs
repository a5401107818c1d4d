//! The report of a run, as JSON.

mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::attacker::Gains;
use crate::catalog::Attack;
use crate::others::Joins;
use crate::process::Usage;
use crate::verdict::Verdict;

/// What a run came to: printed for people, or as JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub(crate) url: String,
    pub(crate) connections: usize,
    pub(crate) networks: usize,
    pub(crate) seconds: u64,
    pub(crate) attacks: Vec<AttackReport>,
    pub(crate) ok: bool,
}

/// What one attack came to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AttackReport {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) verdict: Verdict,
    /// Why it fell, or was not run.
    pub(crate) reasons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attacker: Option<AttackerFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<ServerFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_lines_per_second: Option<LogFigures>,
    /// By kind.
    pub(crate) others: BTreeMap<&'static str, OtherFigures>,
    /// After how many seconds others got in again.
    pub(crate) back_after_s: Option<f64>,
}

/// What the attacker got.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AttackerFigures {
    pub(crate) connections: u64,
    pub(crate) connections_per_second: f64,
    pub(crate) held_peak: u64,
    pub(crate) answers: BTreeMap<String, u64>,
}

/// What the server's process had.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ServerFigures {
    pub(crate) rss_mb: Moments<f64>,
    pub(crate) descriptors: Moments<u64>,
}

/// A figure before, during and after an attack.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Moments<T> {
    pub(crate) before: T,
    pub(crate) peak: T,
    pub(crate) after: T,
}

/// Lines of the server's log, a second.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LogFigures {
    pub(crate) without: f64,
    pub(crate) with: f64,
}

/// Joins of one kind by others.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OtherFigures {
    pub(crate) without: JoinFigures,
    pub(crate) with: JoinFigures,
}

/// Joins in one phase.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct JoinFigures {
    pub(crate) joins: u64,
    pub(crate) failed: BTreeMap<String, u64>,
    /// Of those who got in.
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) max_ms: Option<f64>,
}

impl Report {
    /// Whether the server held against every attack.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.ok
    }

    /// The report as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers and strings: serialising them does not fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(self, f)
    }
}

impl AttackReport {
    /// Of an attack that could not be tried.
    pub(crate) fn not_run(attack: Attack, reason: String) -> Self {
        Self {
            name: attack.name,
            what: attack.what,
            verdict: Verdict::NotRun,
            reasons: vec![reason],
            attacker: None,
            server: None,
            log_lines_per_second: None,
            others: BTreeMap::new(),
            back_after_s: None,
        }
    }
}

impl AttackerFigures {
    pub(crate) fn new(gains: Gains, took: Duration) -> Self {
        Self {
            connections: gains.connections,
            connections_per_second: round(gains.connections as f64 / took.as_secs_f64()),
            held_peak: gains.held_peak,
            answers: gains.answers,
        }
    }
}

impl ServerFigures {
    pub(crate) fn new(before: Usage, peak: Usage, after: Option<Usage>) -> Self {
        let mb = |bytes: u64| round(bytes as f64 / 1e6);
        // One that is gone has nothing any more.
        let after = after.unwrap_or(Usage { rss_bytes: 0, files: 0 });
        Self {
            rss_mb: Moments {
                before: mb(before.rss_bytes),
                peak: mb(peak.rss_bytes.max(before.rss_bytes)),
                after: mb(after.rss_bytes),
            },
            descriptors: Moments {
                before: before.files,
                peak: peak.files.max(before.files),
                after: after.files,
            },
        }
    }
}

impl OtherFigures {
    pub(crate) fn new(without: &Joins, with: &Joins) -> Self {
        Self { without: JoinFigures::new(without), with: JoinFigures::new(with) }
    }
}

impl JoinFigures {
    fn new(joins: &Joins) -> Self {
        let ms = |share| joins.percentile(share).map(|it| round(it.as_secs_f64() * 1e3));
        Self {
            joins: joins.count(),
            failed: joins.failed.clone(),
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
            max_ms: ms(1.0),
        }
    }
}

/// To a tenth: what is behind it is noise.
pub(crate) fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
