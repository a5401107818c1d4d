//! nftables' rules (`nft -j list ruleset`), as far as the first packet of a client to a port is concerned.

use serde_json::Value;

use super::port::{Port, Verdict};

/// How deep chains may lead to chains; the kernel's own bound.
const MAX_DEPTH: usize = 16;

/// All rules.
#[derive(Debug)]
pub(super) struct Rules {
    chains: Vec<Chain>,
}

#[derive(Debug)]
struct Chain {
    family: String,
    table: String,
    name: String,
    /// Of a chain that sees all that comes in: its priority, and whether it drops what no rule decides.
    base: Option<(i64, bool)>,
    rules: Vec<Vec<Value>>,
}

/// What a rule, or a chain, does with the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Accept,
    Drop,
    /// Back to the chain before.
    Return,
    /// On to the next rule.
    Next,
    /// It could have been any of these.
    Unclear,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Yes,
    No,
    Unclear,
}

impl Rules {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let all: Value = serde_json::from_str(text).ok()?;
        let all = all.get("nftables")?.as_array()?;
        let text = |it: &Value, key: &str| it.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut chains = Vec::new();
        for chain in all.iter().filter_map(|it| it.get("chain")) {
            let is_input = text(chain, "hook").as_deref() == Some("input");
            let priority = chain.get("prio").and_then(Value::as_i64).unwrap_or(0);
            let is_drop = text(chain, "policy").as_deref() == Some("drop");
            chains.push(Chain {
                family: text(chain, "family")?,
                table: text(chain, "table")?,
                name: text(chain, "name")?,
                base: is_input.then_some((priority, is_drop)),
                rules: Vec::new(),
            });
        }
        for rule in all.iter().filter_map(|it| it.get("rule")) {
            let (family, table) = (text(rule, "family")?, text(rule, "table")?);
            let name = text(rule, "chain")?;
            let chain = chains
                .iter_mut()
                .find(|it| it.family == family && it.table == table && it.name == name)?;
            chain.rules.push(rule.get("expr")?.as_array()?.clone());
        }
        Some(Self { chains })
    }

    /// The chain that decides on a port, and how: every one has to accept, and the first that drops is the last. `None`
    /// where no chain sees what comes in.
    pub(super) fn verdict(&self, port: Port) -> Option<(String, Verdict)> {
        // Of IPv6 alone, bridges and devices nothing is said.
        let is_ours = |it: &&Chain| ["inet", "ip"].contains(&it.family.as_str());
        let mut bases: Vec<(&Chain, i64, bool)> = self
            .chains
            .iter()
            .filter(is_ours)
            .filter_map(|it| it.base.map(|(priority, is_drop)| (it, priority, is_drop)))
            .collect();
        bases.sort_by_key(|(_, priority, _)| *priority);
        let mut last = None;
        for (chain, _, is_drop) in bases {
            let verdict = match self.walk(chain, port, 0) {
                Step::Accept => Verdict::Open,
                Step::Drop => Verdict::Closed,
                Step::Unclear => Verdict::Unknown,
                Step::Next | Step::Return if is_drop => Verdict::Closed,
                Step::Next | Step::Return => Verdict::Open,
            };
            let is_open = verdict == Verdict::Open;
            last = Some((format!("{} {} {}", chain.family, chain.table, chain.name), verdict));
            if !is_open {
                break;
            }
        }
        last
    }

    fn walk(&self, chain: &Chain, port: Port, depth: usize) -> Step {
        if depth > MAX_DEPTH {
            return Step::Unclear;
        }
        for rule in &chain.rules {
            match self.step(chain, rule, port, depth) {
                Step::Next => {}
                decided => return decided,
            }
        }
        Step::Next
    }

    fn step(&self, chain: &Chain, rule: &[Value], port: Port, depth: usize) -> Step {
        let mut is_clear = true;
        for expression in rule {
            let Some((kind, value)) = expression.as_object().and_then(|it| it.iter().next()) else {
                return Step::Next;
            };
            match kind.as_str() {
                "match" => match holds(value, port) {
                    Match::Yes => {}
                    Match::No => return Step::Next,
                    Match::Unclear => is_clear = false,
                },
                "accept" if is_clear => return Step::Accept,
                "drop" | "reject" if is_clear => return Step::Drop,
                "return" if is_clear => return Step::Return,
                // A condition that we cannot judge, as on an address, is one of special cases: what it drops is not
                // everybody, what it accepts may be.
                "drop" | "reject" | "return" => return Step::Next,
                "accept" => return Step::Unclear,
                "jump" | "goto" => {
                    let target = value.get("target").and_then(Value::as_str).unwrap_or_default();
                    let is_it = |it: &&Chain| {
                        it.family == chain.family && it.table == chain.table && it.name == target
                    };
                    let Some(target) = self.chains.iter().find(is_it) else { return Step::Unclear };
                    let found = self.walk(target, port, depth + 1);
                    return match (found, is_clear) {
                        (Step::Next | Step::Return, true) if kind == "goto" => Step::Return,
                        (Step::Next | Step::Return | Step::Drop, false) => Step::Next,
                        (Step::Next | Step::Return, true) => Step::Next,
                        (found, true) => found,
                        (_, false) => Step::Unclear,
                    };
                }
                // What changes nothing about the verdict.
                "counter" | "log" | "limit" | "mangle" | "notrack" => {}
                // Rules of iptables' own matches, verdict maps, and what comes later.
                _ => is_clear = false,
            }
        }
        Step::Next
    }
}

/// Whether a condition holds for a client's first packet.
fn holds(condition: &Value, port: Port) -> Match {
    let (Some(left), Some(right)) = (condition.get("left"), condition.get("right")) else {
        return Match::Unclear;
    };
    let is_negated = condition.get("op").and_then(Value::as_str) == Some("!=");
    let found = match subject(left) {
        Subject::Port(protocol) => {
            if protocol != port.protocol() && protocol != "th" {
                return Match::No;
            }
            has_number(right, u64::from(port.number()))
        }
        Subject::Protocol => has_word(right, port.protocol()),
        // The packet is the first of its connection, and comes over a network.
        Subject::State => has_word(right, "new"),
        Subject::Interface => match has_word(right, "lo") {
            Match::Yes => Match::No,
            _ => return Match::Unclear,
        },
        Subject::Family => return Match::Unclear,
        Subject::Other => return Match::Unclear,
    };
    match (found, is_negated) {
        (Match::Yes, true) => Match::No,
        (Match::No, true) => Match::Yes,
        (found, _) => found,
    }
}

/// What a condition is about.
enum Subject<'a> {
    Port(&'a str),
    Protocol,
    State,
    Interface,
    Family,
    Other,
}

fn subject(left: &Value) -> Subject<'_> {
    let text = |of: &'_ Value, key: &str| of.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(payload) = left.get("payload") {
        let protocol = payload.get("protocol").and_then(Value::as_str).unwrap_or_default();
        return match text(payload, "field").as_deref() {
            Some("dport") => Subject::Port(protocol),
            Some("protocol" | "nexthdr") => Subject::Protocol,
            _ => Subject::Other,
        };
    }
    match left.get("meta").and_then(|it| text(it, "key")).as_deref() {
        Some("l4proto") => return Subject::Protocol,
        Some("iifname" | "iif") => return Subject::Interface,
        Some("nfproto" | "protocol") => return Subject::Family,
        _ => {}
    }
    match left.get("ct").and_then(|it| text(it, "key")).as_deref() {
        Some("state") => Subject::State,
        _ => Subject::Other,
    }
}

/// Whether a value, a set or a range has a number.
fn has_number(right: &Value, number: u64) -> Match {
    if let Some(one) = right.as_u64() {
        return if one == number { Match::Yes } else { Match::No };
    }
    if let Some(range) = right.get("range").and_then(Value::as_array) {
        let ends = (range.first().and_then(Value::as_u64), range.get(1).and_then(Value::as_u64));
        let (Some(from), Some(to)) = ends else { return Match::Unclear };
        return if (from..=to).contains(&number) { Match::Yes } else { Match::No };
    }
    any(right, |item| has_number(item, number))
}

/// Whether a word, or a list of words, has a word.
fn has_word(right: &Value, word: &str) -> Match {
    if let Some(one) = right.as_str() {
        return if one == word { Match::Yes } else { Match::No };
    }
    any(right, |item| has_word(item, word))
}

fn any(right: &Value, has: impl Fn(&Value) -> Match) -> Match {
    let items = right.as_array().or_else(|| right.get("set").and_then(Value::as_array));
    let Some(items) = items else { return Match::Unclear };
    let found: Vec<Match> = items.iter().map(has).collect();
    if found.contains(&Match::Yes) {
        Match::Yes
    } else if found.contains(&Match::Unclear) {
        Match::Unclear
    } else {
        Match::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(policy: &str, rules: &[&str]) -> Rules {
        let chain = format!(
            r#"{{"chain":{{"family":"inet","table":"filter","name":"input","handle":1,
            "type":"filter","hook":"input","prio":0,"policy":"{policy}"}}}}"#
        );
        let side = r#"{"chain":{"family":"inet","table":"filter","name":"side","handle":2}}"#;
        let mut all = vec![chain, side.to_owned()];
        all.extend(rules.iter().map(|it| {
            let (chain, expr) = it.split_once(' ').unwrap();
            format!(
                r#"{{"rule":{{"family":"inet","table":"filter","chain":"{chain}","handle":3,"expr":{expr}}}}}"#
            )
        }));
        Rules::parse(&format!(r#"{{"nftables":[{}]}}"#, all.join(","))).unwrap()
    }

    fn verdict(rules: &Rules, port: Port) -> Verdict {
        rules.verdict(port).unwrap().1
    }

    const ESTABLISHED: &str = r#"input [{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}]"#;
    const LOOPBACK: &str = r#"input [{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}]"#;
    const PORTS: &str = r#"input [{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,{"range":[440,445]}]}}},{"counter":{"packets":0,"bytes":0}},{"accept":null}]"#;

    #[test]
    fn a_port_that_no_rule_names_is_closed_by_the_policy() {
        let rules = rules("drop", &[ESTABLISHED, LOOPBACK, PORTS]);
        assert_eq!(verdict(&rules, Port::Tcp(22)), Verdict::Open);
        assert_eq!(verdict(&rules, Port::Tcp(443)), Verdict::Open);
        assert_eq!(verdict(&rules, Port::Tcp(3000)), Verdict::Closed);
        assert_eq!(verdict(&rules, Port::Udp(443)), Verdict::Closed);
    }

    #[test]
    fn a_rule_that_drops_a_protocol_closes_its_ports() {
        let udp = r#"input [{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"udp"}},{"drop":null}]"#;
        let rules = rules("accept", &[udp]);
        assert_eq!(verdict(&rules, Port::Udp(3000)), Verdict::Closed);
        assert_eq!(verdict(&rules, Port::Tcp(3000)), Verdict::Open);
    }

    #[test]
    fn rules_in_another_chain_count() {
        let jump = r#"input [{"jump":{"target":"side"}}]"#;
        let side = r#"side [{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":3000}},{"accept":null}]"#;
        let rules = rules("drop", &[jump, side]);
        assert_eq!(verdict(&rules, Port::Udp(3000)), Verdict::Open);
        assert_eq!(verdict(&rules, Port::Udp(3001)), Verdict::Closed);
    }

    #[test]
    fn what_cannot_be_judged_is_not_called_closed() {
        let foreign = r#"input [{"xt":null},{"accept":null}]"#;
        let one_network = r#"input [{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"10.0.0.1"}},{"drop":null}]"#;
        assert_eq!(verdict(&rules("drop", &[foreign]), Port::Tcp(1)), Verdict::Unknown);
        assert_eq!(verdict(&rules("accept", &[one_network]), Port::Tcp(1)), Verdict::Open);
        assert!(Rules::parse("{}").is_none() && Rules::parse("").is_none());
        let none = Rules::parse(r#"{"nftables":[{"metainfo":{}}]}"#).unwrap();
        assert_eq!(none.verdict(Port::Tcp(1)), None);
    }
}
