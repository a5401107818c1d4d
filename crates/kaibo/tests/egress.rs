//! What forwarding takes that does not depend on the machine: allocations, messages, memory.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::process::Command;

use serde_json::Value;

/// Measures with this many viewers.
fn measure(viewers: &str, more: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_kaibo"))
        .args(["bench", "egress", "--seconds", "2", "--json", "--viewers", viewers])
        .args(more)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap()
}

fn number(report: &Value, field: &str) -> f64 {
    report[field].as_f64().unwrap_or_else(|| panic!("{field} in {report}"))
}

#[test]
fn a_packet_to_one_more_viewer_costs_no_allocation_and_a_viewer_little_memory() {
    let (few, many) = (measure("20", &[]), measure("420", &[]));
    let allocations = |it: &Value| number(it, "allocations_per_packet") * number(it, "packets");
    // The publisher's session allocates for each packet, and how many it sends differs.
    let published = |it: &Value| number(it, "packets") / number(it, "viewers");
    let of_publisher = allocations(&few) / published(&few) * published(&many);
    let more = (allocations(&many) - of_publisher) / number(&many, "packets");
    assert!(more < 0.0002, "{more} allocations for each packet to one more viewer");
    let bytes = number(&many, "bytes_per_viewer");
    assert!(bytes < 24_000.0, "{bytes} bytes a viewer");
    // 30 frames with a packet of sound each, the 20 others of sound, reports.
    let messages = number(&many, "messages_per_viewer_second");
    assert!(messages < 58.0, "{messages} messages a viewer and second");
}

#[test]
fn str0m_forwards_the_same_for_comparison() {
    for receivers in ["gro", "plain"] {
        let how = ["--server", "str0m", "--receivers", receivers];
        let report = measure("10", &how);
        assert_eq!((&report["server"], &report["receivers"]), (&how[1].into(), &receivers.into()));
        assert!(number(&report, "packets") > 2.0 * 10.0 * 250.0, "{report}");
        assert!(number(&report, "ratio") > 1.0, "{report}");
    }
}

#[test]
fn viewers_over_tcp_get_every_packet_without_an_allocation_for_each() {
    let (few, many) =
        (measure("20", &["--transport", "tcp"]), measure("120", &["--transport", "tcp"]));
    assert_eq!(many["transport"], "tcp");
    assert_eq!((number(&many, "lost"), number(&many, "unreadable")), (0.0, 0.0));
    let published = |it: &Value| number(it, "packets") / number(it, "viewers");
    let allocations = |it: &Value| number(it, "allocations_per_packet") * number(it, "packets");
    let of_publisher = allocations(&few) / published(&few) * published(&many);
    let more = (allocations(&many) - of_publisher) / number(&many, "packets");
    assert!(more < 0.0005, "{more} allocations for each packet to one more viewer");
}

#[test]
fn every_room_gets_its_own() {
    let rooms = measure("20", &["--rooms", "4"]);
    assert_eq!((number(&rooms, "lost"), number(&rooms, "unreadable")), (0.0, 0.0));
}
