//! Which settings can change while the server runs, and which parts of it are told.

/// A part of the server that has settings of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What is logged.
    Log,
    /// Who a client is: its address, its name for us, its origin.
    Clients,
    /// Who may publish. Whoever lost that right leaves.
    Rights,
    /// The control plane: what it decides by from then on.
    Control,
    /// How many sessions and joins there may be.
    Admission,
    /// How many TCP connections there may be, and TLS handshakes.
    Connections,
    /// Whom webhooks may tell.
    Webhooks,
    /// The addresses that are announced for media.
    PublicIps,
}

/// Every setting that can change, with the parts that are told. All others wait for the next start: addresses, ports,
/// threads and folders are taken once, and limits of media are built into its threads.
const CAN_CHANGE: [(&str, &[Part]); 33] = [
    ("public_ips", &[Part::PublicIps]),
    ("default_room", &[Part::Control]),
    ("allow_hosts", &[Part::Clients]),
    ("allow_origins", &[Part::Clients]),
    // Asked for with every page, of what is in force.
    ("embed_origins", &[]),
    ("trust_proxies", &[Part::Clients, Part::Connections]),
    ("trust_networks", &[Part::Clients, Part::Connections]),
    // The STUN servers among them are asked for public addresses.
    ("ice_servers", &[Part::Control, Part::PublicIps]),
    ("max_viewers", &[Part::Control]),
    ("host_grace", &[Part::Control]),
    ("log", &[Part::Log]),
    ("publish.codec", &[Part::Control]),
    ("publish.open", &[Part::Clients, Part::Rights]),
    ("publish.key", &[Part::Clients, Part::Rights]),
    // Asked for with every request, of what is in force.
    ("metrics.token", &[]),
    ("webhooks.allow", &[Part::Webhooks]),
    ("record.rooms", &[Part::Control]),
    // Asked for whenever something is recorded, kept or deleted, of what is in force.
    ("record.format", &[Part::Control]),
    ("record.layers", &[]),
    ("record.keep_copy", &[]),
    ("record.keep_days", &[]),
    ("record.max_gib", &[]),
    ("record.rewind_minutes", &[Part::Control]),
    ("record.room_past_mib", &[]),
    ("record.hls", &[Part::Control]),
    ("record.clips", &[Part::Control]),
    ("limits.connections", &[Part::Connections]),
    ("limits.connections_per_network", &[Part::Connections]),
    ("limits.sockets_per_network", &[Part::Admission]),
    ("limits.sessions_per_network", &[Part::Admission]),
    ("limits.joins_per_second", &[Part::Admission]),
    ("limits.joins_burst", &[Part::Admission]),
    ("limits.joins_per_second_in_all", &[Part::Admission]),
];

/// Whether a setting can change while the server runs.
pub(crate) fn can_change(name: &str) -> bool {
    CAN_CHANGE.iter().any(|(it, _)| *it == name)
}

/// The parts that are told when these settings have changed, each once and in the order of [`Part`].
pub(super) fn told(changed: &[String]) -> Vec<Part> {
    let is_changed = |name: &str| changed.iter().any(|it| it == name);
    let rows = CAN_CHANGE.iter().filter(|(name, _)| is_changed(name));
    let mut parts: Vec<Part> = rows.flat_map(|(_, parts)| *parts).copied().collect();
    parts.sort_by_key(|part| *part as u8);
    parts.dedup();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn every_row_is_a_setting() {
        let names = Config::names();
        for (name, _) in CAN_CHANGE {
            assert!(names.iter().any(|it| it == name), "{name}");
        }
    }

    #[test]
    fn the_documentation_lists_exactly_those_that_can_change() {
        let operate = include_str!("../../../../docs/operate.md");
        let (_, section) = operate.split_once("## Settings while the server runs\n").unwrap();
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        let names = rows.filter_map(|row| row.split(" | ").next());
        let listed = names.flat_map(|names| names.split(", ")).map(|it| it.trim_matches('`'));
        let mut listed: Vec<&str> = listed.collect();
        let mut can_change = CAN_CHANGE.map(|(name, _)| name);
        listed.sort_unstable();
        can_change.sort_unstable();
        assert_eq!(listed, can_change);
    }

    #[test]
    fn each_part_is_told_once_and_rights_are_looked_at_when_clients_are_known() {
        let changed = ["publish.key", "trust_proxies", "embed_origins"].map(String::from);
        assert_eq!(told(&changed), [Part::Clients, Part::Rights, Part::Connections]);
        assert_eq!(told(&[]), []);
    }
}
