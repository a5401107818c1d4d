//! docs/limits.md says what the code does: each default is its constant's, each flag is the program's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use auth::Secret;
use clap::Args;
use control::limits as control_limits;
use protocol::{DisplayName, LayerName, RoomName};
use server::config::ConfigOverlay;
use server::{Config, limits, listen};

const LIMITS: &str = include_str!("../../../../docs/limits.md");

/// Files that have limits alone: each constant of theirs has a row.
const FILES_OF_LIMITS: [&str; 7] = [
    "control/src/limits.rs",
    "sdp/src/bounds.rs",
    "server/src/limits.rs",
    "server/src/listen/limits.rs",
    "turn/src/limits.rs",
    "tls/src/acme/limits.rs",
    "webhooks/src/limits.rs",
];

/// One row of a table.
#[derive(Debug)]
struct Row {
    name: &'static str,
    default: &'static str,
    flag: &'static str,
    /// As it stands in the code, such as `Secret::MAX_BYTES` or `USUAL.burst`.
    constant: &'static str,
    /// Below `crates/`.
    file: &'static str,
}

fn rows() -> Vec<Row> {
    let cells = |line: &'static str| {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(line.split(" | ").collect::<Vec<_>>())
    };
    let rows = LIMITS.lines().filter_map(cells);
    let rows = rows.filter(|cells| cells[0] != "limit" && !cells[0].starts_with("---"));
    rows.map(|cells| {
        let [name, default, flag, beyond, place] = cells[..] else { panic!("{cells:?}") };
        assert!(!beyond.is_empty(), "{name}: what happens beyond it?");
        let (constant, file) = place.split_once(' ').expect("a constant and its file");
        Row { name, default, flag, constant: constant.trim_matches('`'), file }
    })
    .collect()
}

/// Bytes, milliseconds or a count: what a default or the value of a constant comes to.
fn told(default: &str) -> u64 {
    let mut words = default.split(' ');
    let number: u64 = words.next().unwrap().replace(',', "").parse().expect(default);
    number
        * match words.next() {
            Some("KiB" | "Ki") => 1024,
            Some("MiB") => 1024 * 1024,
            Some("s") => 1000,
            Some("h") => 3_600_000,
            _ => 1,
        }
}

/// The value of a constant in the text of its file.
fn value(constant: &str, text: &str) -> u64 {
    let (name, field) = constant.split_once('.').unwrap_or((constant, ""));
    let (of, name) = name.split_once("::").unwrap_or(("", name));
    let text =
        if of.is_empty() { text } else { text.split_once(&format!("impl {of} {{")).unwrap().1 };
    let start = format!("const {name}: ");
    let found = text.lines().collect::<Vec<_>>().join(" ");
    let (_, rest) = found.split_once(&start).unwrap_or_else(|| panic!("no constant {constant}"));
    let (_, rest) = rest.split_once(" = ").unwrap();
    let (expression, _) = rest.split_once(';').unwrap();
    if field.is_empty() {
        return evaluate(expression, text);
    }
    let (_, rest) = expression.split_once(&format!("{field}: ")).unwrap();
    evaluate(rest.split([',', ' ']).next().unwrap(), text)
}

/// Products of numbers, durations and other constants of the file.
fn evaluate(expression: &str, text: &str) -> u64 {
    let expression = expression.trim();
    let inside = |start: &str| expression.strip_prefix(start)?.strip_suffix(')');
    if let Some(seconds) = inside("Duration::from_secs(") {
        return 1000 * evaluate(seconds, text);
    }
    if let Some(ms) = inside("Duration::from_millis(") {
        return evaluate(ms, text);
    }
    let factor = |factor: &str| {
        let number = factor.trim().replace('_', "").parse();
        number.unwrap_or_else(|_| value(factor.trim(), text))
    };
    expression.split('*').map(factor).product()
}

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn each_default_is_its_constants() {
    let rows = rows();
    assert!(rows.len() > 90, "the tables were read");
    for Row { name, default, constant, file, .. } in rows {
        assert_eq!(told(default), value(constant, &read(file)), "{name}: {constant} in {file}");
    }
}

/// The same of the constants that can be named here, as they are.
#[test]
fn each_public_constant_has_a_row_with_its_value() {
    let ms = |it: Duration| it.as_millis() as u64;
    let constants: BTreeMap<&str, u64> = BTreeMap::from([
        ("ANSWER_TIMEOUT", ms(control_limits::ANSWER_TIMEOUT)),
        ("BODY_BYTES", limits::BODY_BYTES),
        ("BODY_WITHIN", ms(listen::BODY_WITHIN)),
        ("CLOSE_WITHIN", ms(limits::CLOSE_WITHIN)),
        ("CONNECTIONS", listen::CONNECTIONS as u64),
        ("CONNECTIONS_PER_NETWORK", listen::CONNECTIONS_PER_NETWORK as u64),
        ("CONNECT_TIMEOUT", ms(media_api::CONNECT_TIMEOUT)),
        ("CONSENT_TIMEOUT", ms(media_api::CONSENT_TIMEOUT)),
        ("DEAD_AFTER", ms(limits::DEAD_AFTER)),
        ("DROPPED_MESSAGES", limits::DROPPED_MESSAGES.into()),
        ("DisplayName::MAX_CHARS", DisplayName::MAX_CHARS as u64),
        ("EARLY_CANDIDATES", control_limits::EARLY_CANDIDATES.into()),
        ("HEAD_BYTES", listen::HEAD_BYTES as u64),
        ("HEAD_WITHIN", ms(listen::HEAD_WITHIN)),
        ("HOST_GRACE", ms(control_limits::HOST_GRACE)),
        ("JOINS_BURST", control_limits::JOINS_BURST.into()),
        ("JOINS_PER_SECOND", control_limits::JOINS_PER_SECOND.into()),
        ("JOINS_PER_SECOND_IN_ALL", control_limits::JOINS_PER_SECOND_IN_ALL.into()),
        ("KEPT_ONE_IN", control_limits::KEPT_ONE_IN as u64),
        ("KEY_MIN_CHARS", auth::KEY_MIN_CHARS as u64),
        ("LINGER", ms(control_limits::LINGER)),
        ("LOOPBACK_SHARE", listen::LOOPBACK_SHARE as u64),
        ("LayerName::MAX_CHARS", LayerName::MAX_CHARS as u64),
        ("MALFORMED_MESSAGES", limits::MALFORMED_MESSAGES.into()),
        ("MALFORMED_WINDOW", ms(limits::MALFORMED_WINDOW)),
        ("MAX_GUESTS", protocol::MAX_GUESTS as u64),
        ("MAX_FRAME_BYTES", protocol::MAX_FRAME_BYTES as u64),
        ("MAX_JSON_DEPTH", protocol::MAX_JSON_DEPTH as u64),
        ("MAX_PEERS", control_limits::MAX_PEERS as u64),
        ("MAX_PUBLISH_PACKETS", engine::MAX_PUBLISH_PACKETS.into()),
        ("MAX_SDP_BYTES", protocol::MAX_SDP_BYTES as u64),
        ("MAX_SMALL_MESSAGE_BYTES", protocol::MAX_SMALL_MESSAGE_BYTES as u64),
        ("MAX_VIEWERS", control_limits::MAX_VIEWERS as u64),
        ("MAX_WORKERS", engine::MAX_WORKERS as u64),
        ("MESSAGES_PER_SECOND", control_limits::MESSAGES_PER_SECOND.into()),
        ("MESSAGE_BURST", control_limits::MESSAGE_BURST.into()),
        ("OFFERS_BURST", control_limits::OFFERS_BURST.into()),
        ("OFFERS_PER_SECOND", control_limits::OFFERS_PER_SECOND.into()),
        ("OTHER_DESCRIPTORS", listen::OTHER_DESCRIPTORS as u64),
        ("OUTBOX_BYTES", limits::OUTBOX_BYTES as u64),
        ("OUTBOX_MESSAGES", limits::OUTBOX_MESSAGES as u64),
        ("PENDING_OFFERS", control_limits::PENDING_OFFERS as u64),
        ("PING_EVERY", ms(limits::PING_EVERY)),
        ("PREFER_EVERY", ms(control_limits::PREFER_EVERY)),
        ("PUBLISH_CEILING_KBPS", engine::PUBLISH_CEILING_KBPS.into()),
        ("GUEST_GRACE", ms(control_limits::GUEST_GRACE)),
        ("RESTART_EVERY", ms(control_limits::RESTART_EVERY)),
        ("RoomName::MAX_CHARS", RoomName::MAX_CHARS as u64),
        ("SESSIONS_PER_NETWORK", control_limits::SESSIONS_PER_NETWORK as u64),
        ("SESSIONS_PER_PEER", control_limits::SESSIONS_PER_PEER as u64),
        ("SILENCE", ms(control_limits::SILENCE)),
        ("SILENT_SOCKETS", control_limits::SILENT_SOCKETS as u64),
        ("SOCKETS_PER_NETWORK", control_limits::SOCKETS_PER_NETWORK as u64),
        ("STALL_AFTER", ms(media_api::STALL_AFTER)),
        ("STAGE_ENTRANCE", ms(control_limits::STAGE_ENTRANCE)),
        ("STAGE_QUEUE", control_limits::STAGE_QUEUE as u64),
        ("Secret::MAX_BYTES", Secret::MAX_BYTES as u64),
        ("TURN_LIFETIME", ms(control_limits::TURN_LIFETIME)),
        ("UNSENT_BYTES", listen::UNSENT_BYTES.into()),
        ("VIEWERS_EVERY", ms(control_limits::VIEWERS_EVERY)),
        ("WRITE_WITHIN", ms(listen::WRITE_WITHIN)),
        ("WRONG_SECRETS", auth::WRONG_SECRETS.into()),
        ("WRONG_SECRETS_WINDOW", ms(auth::WRONG_SECRETS_WINDOW)),
    ]);
    let rows = rows();
    for (constant, value) in constants {
        let row = rows.iter().find(|row| row.constant == constant);
        let row = row.unwrap_or_else(|| panic!("docs/limits.md lacks {constant}"));
        assert_eq!(told(row.default), value, "{}", row.name);
    }
}

#[test]
fn each_constant_of_a_file_of_limits_has_a_row_and_each_row_a_name_of_its_own() {
    let rows = rows();
    for file in FILES_OF_LIMITS {
        for line in read(file).lines() {
            let Some((visibility, rest)) = line.split_once("const ") else { continue };
            if !visibility.is_empty() && !visibility.starts_with("pub") {
                continue;
            }
            let constant = rest.split(':').next().unwrap();
            let found = rows.iter().any(|row| row.constant == constant && row.file == file);
            assert!(found, "docs/limits.md lacks {constant} of {file}");
        }
    }
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
}

#[test]
fn each_flag_is_the_programs_and_its_key_has_the_default() {
    let command = ConfigOverlay::augment_args(clap::Command::new("kaibo"));
    let flags: BTreeSet<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
    let defaults: toml::Table = Config::default().to_toml().parse().unwrap();
    let mut keys = BTreeSet::new();
    for Row { name, default, flag, .. } in rows() {
        let words: Vec<&str> = flag.split(['`', '(', ')', ' ', ',', ';']).collect();
        let named: Vec<&str> = words.iter().filter_map(|word| word.strip_prefix("--")).collect();
        assert!(flag == "none" || !named.is_empty(), "{name}: a flag, or none");
        assert!(named.iter().all(|flag| flags.contains(flag)), "{name}: no such flag: {flag}");
        if let Some((_, key)) = flag.strip_suffix("`)").and_then(|it| it.split_once("(`")) {
            let path: Vec<&str> = key.split('.').collect();
            let (last, tables) = path.split_last().unwrap();
            let table = tables.iter().fold(&defaults, |table, key| table[*key].as_table().unwrap());
            let value = table.get(*last).and_then(toml::Value::as_integer).expect(key);
            // A time of the configuration is in seconds.
            let unit = if default.ends_with(" s") { 1_000 } else { 1 };
            assert_eq!(u64::try_from(value).unwrap() * unit, told(default), "{name}");
            keys.insert(key);
        }
    }
    for key in defaults["limits"].as_table().unwrap().keys() {
        assert!(keys.contains(format!("limits.{key}").as_str()), "docs/limits.md lacks {key}");
    }
}
