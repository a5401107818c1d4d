//! The report as text.

use std::collections::BTreeMap;
use std::fmt::{Formatter, Result};

use super::{AttackReport, JoinFigures, Report};
use crate::verdict::Verdict;

pub(super) fn write(report: &Report, f: &mut Formatter<'_>) -> Result {
    let Report { url, connections, networks, seconds, .. } = report;
    writeln!(
        f,
        "{url}: at most {connections} connections, {networks} network(s), {seconds} s an attack"
    )?;
    for attack in &report.attacks {
        writeln!(f)?;
        write_attack(attack, f)?;
    }
    Ok(())
}

fn write_attack(it: &AttackReport, f: &mut Formatter<'_>) -> Result {
    writeln!(f, "{:<18}{}", it.name, it.what)?;
    if let Some(attacker) = &it.attacker {
        writeln!(
            f,
            "  attacker   {} connections, {} a second; {} held at the peak; {}",
            attacker.connections,
            attacker.connections_per_second,
            attacker.held_peak,
            counts(&attacker.answers, "no answers"),
        )?;
    }
    if let Some(server) = &it.server {
        let (rss, files) = (&server.rss_mb, &server.descriptors);
        writeln!(
            f,
            "  server     {} MB before, {} at the peak, {} after; {}, {}, {} descriptors",
            rss.before, rss.peak, rss.after, files.before, files.peak, files.after,
        )?;
    }
    if let Some(log) = &it.log_lines_per_second {
        writeln!(f, "  log        {} lines a second without, {} with", log.without, log.with)?;
    }
    for (kind, joins) in &it.others {
        writeln!(f, "  {kind:<10} without: {}", phase(&joins.without))?;
        writeln!(f, "  {:<10}    with: {}", "", phase(&joins.with))?;
    }
    if let Some(seconds) = it.back_after_s {
        writeln!(f, "  after it   others got in again within {seconds} s")?;
    }
    let reasons = it.reasons.join("; ");
    match it.verdict {
        Verdict::Held => writeln!(f, "  held"),
        Verdict::Fell => writeln!(f, "  FELL       {reasons}"),
        Verdict::NotRun => writeln!(f, "  NOT RUN    {reasons}"),
    }
}

fn phase(joins: &JoinFigures) -> String {
    let failed: u64 = joins.failed.values().sum();
    let why = if failed > 0 { format!(" ({})", counts(&joins.failed, "")) } else { String::new() };
    let ms = |it: Option<f64>| it.map_or_else(|| "-".to_owned(), |it| format!("{it:.1} ms"));
    let (p50, p99, max) = (ms(joins.p50_ms), ms(joins.p99_ms), ms(joins.max_ms));
    format!("{} joins, {failed} failed{why}, p50 {p50}, p99 {p99}, max {max}", joins.joins)
}

fn counts(counts: &BTreeMap<String, u64>, none: &str) -> String {
    if counts.is_empty() {
        return none.to_owned();
    }
    let each: Vec<String> = counts.iter().map(|(what, n)| format!("{what} {n}")).collect();
    each.join(", ")
}
