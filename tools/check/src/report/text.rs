//! The report as text.

use std::fmt;

use super::{Outcome, Report, Verdict};
use crate::http::{Exchange, Message};
use crate::rule::Level;

/// Of a body; all that is kept is in the JSON.
const MAX_BODY_LINES: usize = 12;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} at {}", self.protocol.name(), self.url)?;
        for it in &self.verdicts {
            line(it, f)?;
        }
        if !self.complete {
            writeln!(f, "\nthe check did not come to its end")?;
        }
        writeln!(
            f,
            "\n{} pass, {} fail, {} not applicable",
            self.count(Outcome::Pass),
            self.count(Outcome::Fail),
            self.count(Outcome::NotApplicable),
        )
    }
}

fn line(it: &Verdict, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let outcome = match it.outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "FAIL",
        Outcome::NotApplicable => "n/a ",
    };
    let level = match it.level {
        Level::Must => "MUST  ",
        Level::Should => "SHOULD",
        Level::May => "MAY   ",
    };
    write!(f, "{outcome}  {}  {level}  {}", it.id, it.sentence)?;
    if it.outcome == Outcome::NotApplicable {
        write!(f, ": {}", it.reason)?;
    }
    writeln!(f, "  [{}, section {}]", it.document, it.section)?;
    if it.outcome == Outcome::Fail {
        writeln!(f, "      {}", it.reason)?;
        for exchange in &it.evidence {
            show(exchange, f)?;
        }
    }
    Ok(())
}

fn show(exchange: &Exchange, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    message(&exchange.request, '>', f)?;
    if let Some(response) = &exchange.response {
        message(response, '<', f)?;
    }
    if let Some(error) = &exchange.error {
        writeln!(f, "        < [{error}]")?;
    }
    Ok(())
}

fn message(it: &Message, mark: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "        {mark} {}", it.line)?;
    for header in &it.headers {
        writeln!(f, "        {mark} {header}")?;
    }
    let n = it.body.lines().count();
    for body in it.body.lines().take(MAX_BODY_LINES) {
        writeln!(f, "        {mark}   {body}")?;
    }
    if n > MAX_BODY_LINES {
        writeln!(f, "        {mark}   [… {n} lines]")?;
    }
    Ok(())
}
