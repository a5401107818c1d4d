//! Whether the machine's own firewall lets a port in.

use std::fs;
use std::process::Command;

use super::nft;
use super::port::{Port, Verdict};
use super::programs::output;

/// Which firewall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirewallKind {
    /// Of Ubuntu and others, by `ufw`.
    Ufw,
    /// Of Fedora and others, by `firewall-cmd`.
    Firewalld,
    /// Rules of nftables: the chain that decides, such as `inet filter input`.
    Nftables(String),
}

/// A firewall's word on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firewall {
    /// Which.
    pub kind: FirewallKind,
    /// The port.
    pub port: Port,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// What each firewall says of each port. Only an administrator can read most rules.
pub(super) fn look(ports: &[Port]) -> Vec<Firewall> {
    if let Some(ufw) = Ufw::read() {
        // Its rules are nftables' too, in a form that says less.
        let of =
            |&port: &Port| Firewall { kind: FirewallKind::Ufw, port, verdict: ufw.verdict(port) };
        return ports.iter().map(of).collect();
    }
    let mut command = Command::new("nft");
    command.args(["-j", "list", "ruleset"]);
    let Some(rules) = output(command).and_then(|text| nft::Rules::parse(&text)) else {
        return Vec::new();
    };
    let of = |&port: &Port| {
        let (chain, verdict) = rules.verdict(port)?;
        let is_firewalld = chain.starts_with("inet firewalld ");
        let kind =
            if is_firewalld { FirewallKind::Firewalld } else { FirewallKind::Nftables(chain) };
        Some(Firewall { kind, port, verdict })
    };
    ports.iter().filter_map(of).collect()
}

/// ufw, when it is on.
struct Ufw {
    /// Whether it drops what no rule names.
    is_closed: bool,
    /// The rules, if they can be read.
    rules: Option<String>,
}

impl Ufw {
    fn read() -> Option<Self> {
        let read = |path: &str| fs::read_to_string(path).ok();
        Self::of(
            &read("/etc/ufw/ufw.conf")?,
            &read("/etc/default/ufw").unwrap_or_default(),
            read("/etc/ufw/user.rules"),
        )
    }

    fn of(conf: &str, defaults: &str, rules: Option<String>) -> Option<Self> {
        let is_on = conf.lines().any(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes"));
        let policy = defaults.lines().find_map(|line| line.strip_prefix("DEFAULT_INPUT_POLICY="));
        let is_closed = policy.is_none_or(|it| it.trim_matches('"') != "ACCEPT");
        is_on.then_some(Self { is_closed, rules })
    }

    fn verdict(&self, port: Port) -> Verdict {
        let Some(rules) = &self.rules else { return Verdict::Unknown };
        // As in: ### tuple ### allow udp 3000 0.0.0.0/0 any 0.0.0.0/0 in
        let tuples = rules.lines().filter_map(|line| line.strip_prefix("### tuple ### "));
        for tuple in tuples {
            let words: Vec<&str> = tuple.split_whitespace().collect();
            let [action, protocol, ports, _, _, from, ..] = words.as_slice() else { continue };
            let is_in = !tuple.trim_end().ends_with(" out");
            let is_protocol = [port.protocol(), "any"].contains(protocol);
            let is_everybody = ["0.0.0.0/0", "::/0", "any"].contains(from);
            if !(is_in && is_protocol && is_everybody && has_port(ports, port.number())) {
                continue;
            }
            match action.split('_').next().unwrap_or_default() {
                "allow" | "limit" => return Verdict::Open,
                "deny" | "reject" => return Verdict::Closed,
                _ => {}
            }
        }
        if self.is_closed { Verdict::Closed } else { Verdict::Open }
    }
}

/// Whether a list as `80,443,3000:3010` names a port; `any` names all.
fn has_port(list: &str, port: u16) -> bool {
    list == "any"
        || list.split(',').any(|item| match item.split_once(':') {
            Some((from, to)) => {
                let range = from.parse().ok().zip(to.parse().ok());
                range.is_some_and(|(from, to): (u16, u16)| (from..=to).contains(&port))
            }
            None => item.parse() == Ok(port),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "*filter\n\
        ### RULES ###\n\
        ### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n\
        -A ufw-user-input -p tcp --dport 22 -j ACCEPT\n\
        ### tuple ### deny udp 5000 0.0.0.0/0 any 0.0.0.0/0 in\n\
        ### tuple ### allow any 3000:3010 0.0.0.0/0 any 0.0.0.0/0 in\n\
        ### tuple ### allow tcp 8443 0.0.0.0/0 any 10.0.0.0/8 in\n";

    #[test]
    fn ufw_lets_in_what_a_rule_names() {
        let ufw = Ufw::of("ENABLED=yes\n", "DEFAULT_INPUT_POLICY=\"DROP\"\n", Some(RULES.into()));
        let ufw = ufw.unwrap();
        assert_eq!(ufw.verdict(Port::Tcp(22)), Verdict::Open);
        assert_eq!(ufw.verdict(Port::Udp(22)), Verdict::Closed);
        assert_eq!(ufw.verdict(Port::Udp(3005)), Verdict::Open);
        assert_eq!(ufw.verdict(Port::Udp(5000)), Verdict::Closed);
        // Open to one network is not open to fans.
        assert_eq!(ufw.verdict(Port::Tcp(8443)), Verdict::Closed);
    }

    #[test]
    fn ufw_that_is_off_or_unreadable_closes_nothing() {
        assert!(Ufw::of("ENABLED=no\n", "", None).is_none());
        let unreadable = Ufw::of("ENABLED=yes\n", "", None).unwrap();
        assert_eq!(unreadable.verdict(Port::Tcp(443)), Verdict::Unknown);
    }
}
