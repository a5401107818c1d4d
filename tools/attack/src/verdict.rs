//! Whether the server held, and if not, why.

use std::time::Duration;

use serde::Serialize;

use crate::others::Joins;

/// A join may take so many times as long beside an attack.
const SLOWER: u32 = 3;
/// Of fewer joins the 99th percentile is the slowest one or two: chance.
const ENOUGH_JOINS: usize = 50;
/// A server may take so much more memory than before the first attack.
const MORE_MEMORY_BYTES: u64 = 400 * 1_000_000;
/// An attack that took less than this is not blamed for what those before it took.
const OWN_MEMORY_BYTES: u64 = 40 * 1_000_000;
/// Others are to get in so soon after an attack.
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// So many guesses a second are no danger to a key of 16 characters, and no mistake of a person's.
const GUESSES_PER_SECOND: f64 = 20.0;
/// So many lines a second are no danger to a disk.
const LOG_LINES_PER_SECOND: f64 = 20.0;

/// How an attack ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// Others noticed next to nothing.
    Held,
    /// Others noticed.
    Fell,
    /// It could not be tried.
    NotRun,
}

/// Memory before the first attack, before this one and at its peak, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) at_start: u64,
    pub(crate) before: u64,
    pub(crate) peak: u64,
}

/// What a verdict rests on.
#[derive(Debug)]
pub(crate) struct Evidence {
    /// Joins without and with the attack, by kind in the same order.
    pub(crate) without: Vec<Joins>,
    pub(crate) with: Vec<Joins>,
    /// After how long others got in again, or why they did not.
    pub(crate) back: Result<Duration, String>,
    /// Memory in bytes, when it is known.
    pub(crate) memory: Option<Memory>,
    /// Whether the process was looked at before and is not there any more.
    pub(crate) is_gone: bool,
    /// Keys that were compared, a second.
    pub(crate) guesses_per_second: f64,
    /// Lines of the log without and with the attack, a second.
    pub(crate) log: Option<(f64, f64)>,
}

/// All reasons why the server did not hold; none when it did.
pub(crate) fn reasons(evidence: &Evidence) -> Vec<String> {
    let mut reasons = Vec::new();
    if evidence.is_gone {
        reasons.push("the server's process is gone".to_owned());
    }
    for (without, with) in evidence.without.iter().zip(&evidence.with) {
        reasons.extend(shut_out(with));
        reasons.extend(slowed(without, with));
    }
    match &evidence.back {
        Ok(after) if *after <= BACK_WITHIN => {}
        Ok(after) => {
            let (after, within) = (after.as_secs_f64(), BACK_WITHIN.as_secs());
            reasons
                .push(format!("others got in again only {after:.1} s after it, not in {within} s"));
        }
        Err(reason) => reasons.push(format!("others did not get in again: {reason}")),
    }
    reasons.extend(evidence.memory.and_then(swelled));
    if evidence.guesses_per_second > GUESSES_PER_SECOND {
        let n = evidence.guesses_per_second;
        reasons.push(format!(
            "{n:.0} wrong keys a second were compared, and {GUESSES_PER_SECOND} is the most"
        ));
    }
    if let Some((without, with)) = evidence.log
        && with - without > LOG_LINES_PER_SECOND
    {
        let n = with - without;
        reasons.push(format!(
            "the log got {n:.0} lines a second more, and {LOG_LINES_PER_SECOND} is the most"
        ));
    }
    reasons
}

fn swelled(memory: Memory) -> Option<String> {
    let above = |it: u64| memory.peak.saturating_sub(it);
    if above(memory.at_start) <= MORE_MEMORY_BYTES || above(memory.before) < OWN_MEMORY_BYTES {
        return None;
    }
    let (more, most) = (above(memory.at_start) / 1_000_000, MORE_MEMORY_BYTES / 1_000_000);
    Some(format!("its memory is {more} MB above the start, and {most} MB is the most"))
}

/// More than one in a hundred did not get in.
fn shut_out(with: &Joins) -> Option<String> {
    let (failed, all) = (with.n_failed(), with.count());
    if failed * 100 <= all {
        return None;
    }
    let why: Vec<String> = with.failed.iter().map(|(why, n)| format!("{why} {n}")).collect();
    let kind = with.kind.name();
    Some(format!("{failed} of {all} {kind} did not get in ({})", why.join(", ")))
}

fn slowed(without: &Joins, with: &Joins) -> Option<String> {
    let (before, during) = (without.percentile(0.99)?, with.percentile(0.99)?);
    if with.times.len() < ENOUGH_JOINS || during <= (before * SLOWER).max(with.kind.floor()) {
        return None;
    }
    let ms = |it: Duration| it.as_secs_f64() * 1_000.0;
    let (before, during) = (ms(before), ms(during));
    Some(format!("p99 of {} rose from {before:.1} to {during:.1} ms", with.kind.name()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::others::Kind;

    fn joins(ms: u64, n: usize, failed: u64) -> Joins {
        let failed = if failed > 0 {
            BTreeMap::from([("room_full".to_owned(), failed)])
        } else {
            BTreeMap::new()
        };
        Joins { kind: Kind::Page, times: vec![Duration::from_millis(ms); n], failed }
    }

    /// In MB, of a server that began with 50.
    fn memory(before: u64, peak: u64) -> Memory {
        let bytes = |it: u64| it * 1_000_000;
        Memory { at_start: bytes(50), before: bytes(before), peak: bytes(peak) }
    }

    fn check(change: impl FnOnce(&mut Evidence), part: Option<&str>) {
        let mut evidence = Evidence {
            without: vec![joins(2, 100, 0)],
            with: vec![joins(2, 100, 0)],
            back: Ok(Duration::from_millis(3)),
            memory: Some(memory(50, 60)),
            is_gone: false,
            guesses_per_second: 0.0,
            log: Some((1.0, 3.0)),
        };
        change(&mut evidence);
        let reasons = reasons(&evidence);
        assert_eq!(reasons.len(), usize::from(part.is_some()), "{reasons:?}");
        assert!(reasons.iter().all(|it| it.contains(part.unwrap_or_default())), "{reasons:?}");
    }

    #[test]
    fn a_server_falls_by_whatever_others_notice() {
        check(|_| {}, None);
        check(|it| it.is_gone = true, Some("process is gone"));
        check(
            |it| it.with = vec![joins(2, 90, 10)],
            Some("10 of 100 pages did not get in (room_full 10)"),
        );
        check(
            |it| it.with = vec![joins(25, 100, 0)],
            Some("p99 of pages rose from 2.0 to 25.0 ms"),
        );
        check(|it| it.back = Ok(Duration::from_secs(61)), Some("only 61.0 s after it"));
        check(|it| it.back = Err("room_full".into()), Some("did not get in again: room_full"));
        check(|it| it.memory = Some(memory(60, 500)), Some("450 MB above the start"));
        check(|it| it.guesses_per_second = 6_536.0, Some("6536 wrong keys"));
        check(|it| it.log = Some((1.0, 2_170.0)), Some("2169 lines"));
    }

    #[test]
    fn memory_that_an_earlier_attack_took_is_not_counted_again() {
        check(|it| it.memory = Some(memory(800, 830)), None);
    }

    #[test]
    fn what_a_busy_machine_does_is_not_blamed_on_the_server() {
        check(|it| it.with = vec![joins(19, 99, 1)], None);
        check(|it| it.with = vec![joins(900, 25, 0)], None);
        let busy = (vec![joins(30, 100, 0)], vec![joins(89, 100, 0)]);
        check(|it| (it.without, it.with) = busy, None);
    }
}
