//! The numbered lists of requirements, by protocol.

mod whep;
mod whip;

use serde::Serialize;

use crate::rule::{Level, Rule};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// RFC 9725: publishing.
    Whip,
    /// draft-ietf-wish-whep-03 and its core extensions: watching.
    Whep,
}

/// Where a document asks for something.
pub(crate) struct Clause {
    pub(crate) rule: Rule,
    pub(crate) document: &'static str,
    pub(crate) section: &'static str,
    pub(crate) level: Level,
}

/// A line of a list; the documents' names are shared.
type Line = (Rule, &'static str, &'static str, Level);

impl Protocol {
    /// What the documents ask for, in the order of its numbers.
    pub(crate) fn clauses(self) -> impl Iterator<Item = Clause> {
        let lines: &'static [Line] = match self {
            Self::Whip => whip::LINES,
            Self::Whep => whep::LINES,
        };
        lines.iter().map(|&(rule, document, section, level)| Clause {
            rule,
            document,
            section,
            level,
        })
    }

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Whip => "WHIP",
            Self::Whep => "WHEP",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_stands_twice_in_a_list() {
        for protocol in [Protocol::Whip, Protocol::Whep] {
            let mut rules: Vec<Rule> = protocol.clauses().map(|it| it.rule).collect();
            let n = rules.len();
            rules.sort();
            rules.dedup();
            assert_eq!(rules.len(), n, "{}", protocol.name());
        }
    }
}
