//! Collects verdicts while a check runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::catalog::Protocol;
use crate::http::{Exchange, Reply};
use crate::report::{Outcome, Report, Verdict};
use crate::rule::Rule;

/// Of one requirement: what was asked first and last is enough.
const MAX_EVIDENCE: usize = 6;

/// The verdicts so far. A failure outweighs all else, and a pass outweighs what does not apply.
pub(crate) struct Verdicts {
    findings: Mutex<BTreeMap<Rule, Finding>>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// There was nothing to go on with.
    CutShort,
    OutOfTime,
}

struct Finding {
    outcome: Outcome,
    reason: String,
    evidence: Vec<Arc<Exchange>>,
}

impl Verdicts {
    pub(crate) fn new() -> Self {
        Self { findings: Mutex::new(BTreeMap::new()) }
    }

    pub(crate) fn pass(&self, rule: Rule, evidence: &[&Reply]) {
        self.write(rule, Outcome::Pass, String::new(), evidence);
    }

    pub(crate) fn fail(&self, rule: Rule, reason: impl Into<String>, evidence: &[&Reply]) {
        self.write(rule, Outcome::Fail, reason.into(), evidence);
    }

    /// It does not apply.
    pub(crate) fn skip(&self, rule: Rule, reason: impl Into<String>) {
        self.write(rule, Outcome::NotApplicable, reason.into(), &[]);
    }

    /// A pass, or a failure with this reason.
    pub(crate) fn judge(
        &self,
        rule: Rule,
        holds: bool,
        reason: impl FnOnce() -> String,
        evidence: &[&Reply],
    ) {
        if holds {
            self.pass(rule, evidence);
        } else {
            self.fail(rule, reason(), evidence);
        }
    }

    /// How many requirements are judged, and how many of them failed.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let findings = self.lock();
        let failed = findings.values().filter(|it| it.outcome == Outcome::Fail).count();
        (findings.len(), failed)
    }

    /// The report. A requirement without a verdict does not apply.
    pub(crate) fn close(self, protocol: Protocol, url: String, end: End) -> Report {
        let complete = end == End::Whole;
        let open = match end {
            End::Whole | End::CutShort => "not come to: what it needs did not come about",
            End::OutOfTime => "out of time",
        };
        let mut findings = self.findings.into_inner().unwrap_or_else(PoisonError::into_inner);
        let verdict = |(index, clause): (usize, crate::catalog::Clause)| {
            let finding = findings.remove(&clause.rule).unwrap_or_else(|| Finding {
                outcome: Outcome::NotApplicable,
                reason: open.to_owned(),
                evidence: Vec::new(),
            });
            Verdict {
                id: format!("{}-{:02}", protocol.name(), index + 1),
                name: format!("{:?}", clause.rule),
                document: clause.document,
                section: clause.section,
                level: clause.level,
                sentence: clause.rule.sentence(),
                outcome: finding.outcome,
                reason: finding.reason,
                evidence: finding.evidence.into_iter().map(Arc::unwrap_or_clone).collect(),
            }
        };
        let verdicts = protocol.clauses().enumerate().map(verdict).collect();
        Report { protocol, url, complete, verdicts }
    }

    fn write(&self, rule: Rule, outcome: Outcome, reason: String, evidence: &[&Reply]) {
        let mut findings = self.lock();
        let evidence = || evidence.iter().map(|it| Arc::clone(&it.exchange)).collect();
        match findings.get_mut(&rule) {
            Some(it) if it.outcome > outcome => {}
            Some(it) if it.outcome == outcome => {
                let new: Vec<_> = evidence();
                it.evidence.extend(new);
                it.evidence.truncate(MAX_EVIDENCE);
            }
            _ => _ = findings.insert(rule, Finding { outcome, reason, evidence: evidence() }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Rule, Finding>> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
