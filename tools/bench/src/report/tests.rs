//! The report's figures, from what workers measured.

use super::*;
use crate::worker::Half;

fn measured(delays_ms: &[u64], steady: Counters) -> Measured {
    let mut it = Measured { steady, ..Measured::default() };
    delays_ms.iter().for_each(|ms| it.stats.delay.record(Duration::from_millis(*ms)));
    it.stats.first_keyframe.record(Duration::from_millis(80));
    it
}

fn joins(succeeded: u64) -> Joins {
    let reasons = BTreeMap::from([("dtls: no answer".to_owned(), 100 - succeeded)]);
    let (gone, publishers_lost) = (0, 0);
    let failed = 100 - succeeded;
    Joins {
        requested: 100,
        succeeded,
        failed,
        gone,
        publishers_lost,
        seconds: 2.0,
        rewound: 0,
        recorded: 0,
        reasons,
    }
}

fn machine() -> Measurement {
    Measurement {
        took: Duration::from_secs(10),
        server_cpu: Some(Duration::from_secs(5)),
        server_rss: Some(60_000_000),
        server_rss_before: Some(10_000_000),
        own_cpu: Some(Duration::from_secs(1)),
        busiest_thread: Some(Duration::from_millis(900)),
        buffer_errors: Some(0),
        phases: None,
        first: None,
    }
}

fn report(succeeded: u64, lost: u64) -> Report {
    let counters = Counters {
        packets: 500_000,
        bytes: 500_000_000,
        unique: 500_000 - lost,
        lost,
        ..Counters::default()
    };
    let half = Counters { packets: 250_000, bytes: 250_000_000, ..Counters::default() };
    let rest = counters.since(half);
    let threads = [measured(&[1, 1, 1], half), measured(&[1, 2, 9], rest)];
    let crowd = Crowd { live: &threads, rewinding: None };
    Report::new(&Options::default(), false, joins(succeeded), crowd, Some(&machine()))
}

#[test]
fn threads_are_summed_up() {
    let json: serde_json::Value = serde_json::from_str(&report(100, 0).to_json()).unwrap();
    assert_eq!(json["steady"]["packets_per_second"], 50_000.0);
    assert_eq!(json["steady"]["mbit_per_second"], 400.0);
    assert_eq!(json["joins"]["per_second"], 50.0);
    let delay = &json["steady"]["delay_ms"];
    assert_eq!((&delay["p50"], &delay["max"]), (&1.0.into(), &9.0.into()));
    assert_eq!(json["server"]["cpu_us_per_packet"], 10.0);
    assert_eq!(json["server"]["cpu_seconds_per_gb"], 10.0);
    assert_eq!(json["server"]["rss_kb_per_viewer"], 500.0);
    assert_eq!(json["tool"]["busiest_thread_percent"], 9.0);
    assert_eq!(json["ok"], true);
}

#[test]
fn a_run_is_fine_when_all_joined_and_less_than_one_percent_was_lost() {
    assert!(report(100, 4_999).is_ok());
    assert!(!report(100, 5_000).is_ok());
    assert!(!report(99, 0).is_ok());
    let nobody = Crowd { live: &[], rewinding: None };
    let interrupted = Report::new(&Options::default(), true, joins(100), nobody, None);
    assert!(!interrupted.is_ok());
}

#[test]
fn the_text_says_what_went_wrong() {
    let text = report(99, 0).to_string();
    assert!(text.contains("99 of 100"), "{text}");
    assert!(text.contains("1 x dtls: no answer"), "{text}");
    assert!(text.ends_with("not ok\n"), "{text}");
}

#[test]
fn a_run_with_two_halves_tells_the_one_by_the_other() {
    let first = |delays_ms: &[u64]| {
        let Measured { stats, steady: counters, cpu, .. } =
            measured(delays_ms, Counters { packets: 1_000, unique: 1_000, ..Counters::default() });
        Some(Half { delay: stats.delay, counters, cpu })
    };
    let sent = Counters { packets: 1_000, unique: 1_000, ..Counters::default() };
    let live = [Measured { first: first(&[10, 10]), ..measured(&[15, 15], sent) }];
    let back = Measured { first: first(&[10]), ..measured(&[30_000], sent) };
    let mut machine = machine();
    machine.first = Some(Box::new(Measurement {
        server_cpu: Some(Duration::from_secs(4)),
        server_rss: Some(59_000_000),
        ..self::machine()
    }));
    let options = Options { rewinding: 10, record: true, rooms: 2, ..Options::default() };
    let crowd = Crowd { live: &live, rewinding: Some(&back) };
    let report = |rewound, recorded| {
        let joins = Joins { rewound, recorded, ..joins(100) };
        Report::new(&options, false, joins, crowd, Some(&machine))
    };
    let json: serde_json::Value = serde_json::from_str(&report(10, 2).to_json()).unwrap();
    let halves = &json["halves"];
    assert_eq!(halves["second_by_first"]["delay_p99"], 1.5);
    assert_eq!(halves["second_by_first"]["cpu"], 1.25);
    assert_eq!(halves["first"]["cpu_us_per_packet"], 2_000.0);
    assert_eq!(halves["rewound"]["rss_kb_per_viewer"], 100.0);
    assert_eq!(halves["rewound"]["behind_ms"]["p50"], 30_000.0);
    assert_eq!(json["server"]["cpu_us_per_packet"], 2_500.0);
    assert!(report(10, 2).is_ok());
    assert!(!report(9, 2).is_ok(), "one did not go back");
    assert!(!report(10, 1).is_ok(), "one was not recorded");
    let text = report(10, 1).to_string();
    assert!(text.contains("went back  10 of 10") && text.contains("1 of 2 rooms"), "{text}");
}
