//! The check against a toy server: one that does everything right, and then one thing wrong at a time.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod faults;
mod toy;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use check::{CheckError, Level, Options, Outcome, Protocol, Report};
use faults::FAULTS;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use toy::{TOKEN, Toy};

/// Checks at a time: they wait more than they work.
const AT_ONCE: usize = 6;
/// What nobody can break on a machine by itself, or what is there or not.
const UNBREAKABLE: [&str; 2] = ["Https", "EventsLink"];

fn options(toy: &Toy, protocol: Protocol) -> Options {
    let url = match protocol {
        Protocol::Whip => toy.whip(),
        Protocol::Whep => toy.whep(),
    };
    let mut options = Options::new(protocol, url);
    options.token = Some(TOKEN.into());
    options.origin = Some("https://page.example".into());
    options.publish = (protocol == Protocol::Whep).then(|| toy.whip());
    options.patience = Duration::from_secs(10);
    options
}

async fn check(protocol: Protocol, fault: &'static str) -> (Report, Arc<Toy>) {
    let toy = Toy::start(protocol, fault).await;
    let report = check::check(&options(&toy, protocol), &|_| {}).await.unwrap();
    (report, toy)
}

fn names(report: &Report, outcome: Outcome) -> BTreeSet<&str> {
    let all = report.verdicts.iter().filter(|it| it.outcome == outcome);
    all.map(|it| it.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_everything_passes_everything() {
    for (protocol, fault) in
        [(Protocol::Whip, ""), (Protocol::Whip, "moved-307"), (Protocol::Whep, "")]
    {
        let (report, toy) = check(protocol, fault).await;
        assert_eq!(names(&report, Outcome::Fail), BTreeSet::new(), "{report}");
        let open = BTreeSet::from(["Https", "OneOfTwo"]);
        assert_eq!(names(&report, Outcome::NotApplicable), open, "{report}");
        assert!(!report.has_failed() && !report.has_failed_should());
        assert_eq!(toy.n_sessions(), 0, "nothing is left behind");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_thing_that_is_wrong_is_found_and_nothing_else() {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut checks = JoinSet::new();
    for protocol in [Protocol::Whip, Protocol::Whep] {
        for fault in FAULTS {
            let turns = Arc::clone(&turns);
            checks.spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                (protocol, fault, check(protocol, fault.name).await.0)
            });
        }
    }
    let mut wrong = Vec::new();
    while let Some(done) = checks.join_next().await {
        let (protocol, fault, report) = done.unwrap();
        let has = |rule: &str| report.verdicts.iter().any(|it| it.name == rule);
        let failed = names(&report, Outcome::Fail);
        let allowed = |it: &&str| *it == fault.rule || fault.follows.contains(it);
        if has(fault.rule) && (!failed.contains(fault.rule) || !failed.iter().all(allowed)) {
            wrong.push(format!("{} {}: {failed:?}", protocol.name(), fault.name));
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_rule_has_a_server_that_breaks_it() {
    let broken: BTreeSet<&str> = FAULTS.iter().map(|it| it.rule).collect();
    for protocol in [Protocol::Whip, Protocol::Whep] {
        // Without a token little works here, but all rules are listed.
        let toy = Toy::start(protocol, "").await;
        let options = Options { token: None, ..options(&toy, protocol) };
        let report = check::check(&options, &|_| {}).await.unwrap();
        for it in report.verdicts.iter().filter(|it| it.level != Level::May) {
            let name = it.name.as_str();
            assert!(broken.contains(name) || UNBREAKABLE.contains(&name), "{} {name}", it.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_shows_what_was_said_and_no_secret() {
    let (report, _toy) = check(Protocol::Whip, "trickle").await;
    let (text, json) = (report.to_string(), report.to_json());
    for shown in ["FAIL  WHIP-37  MUST", "> PATCH http://127.0.0.1", "< 200 OK", "RFC 9725"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["protocol"], "whip");
    let verdict = &read["verdicts"][36];
    assert_eq!((&verdict["id"], &verdict["outcome"]), (&"WHIP-37".into(), &"fail".into()));
    assert_eq!(verdict["evidence"][0]["response"]["line"], "200 OK");
    for secret in [TOKEN, "hush"] {
        assert!(!text.contains(secret) && !json.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn where_nothing_is_published_nothing_is_wrong_and_nothing_is_fine() {
    let toy = Toy::start(Protocol::Whep, "").await;
    let options = Options { publish: None, ..options(&toy, Protocol::Whep) };
    let report = check::check(&options, &|_| {}).await.unwrap();
    assert_eq!(names(&report, Outcome::Fail), BTreeSet::new(), "{report}");
    assert!(!report.complete && report.has_failed());
    assert!(report.to_string().contains("see --publish"), "{report}");
}

#[tokio::test]
async fn without_a_token_a_server_that_wants_one_is_not_judged_by_its_refusals() {
    let toy = Toy::start(Protocol::Whip, "").await;
    let options = Options { token: None, ..options(&toy, Protocol::Whip) };
    let report = check::check(&options, &|_| {}).await.unwrap();
    assert!(report.to_string().contains("see --token"), "{report}");
    let told = BTreeSet::from(["Created", "GetEndpoint"]);
    assert_eq!(names(&report, Outcome::Fail), told, "{report}");
}

#[tokio::test]
async fn nobody_there_is_not_a_report() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let options = Options::new(Protocol::Whip, format!("http://{address}/whip"));
    let result = check::check(&options, &|_| {}).await;
    assert!(matches!(result, Err(CheckError::Unreachable { .. })), "{result:?}");
}

/// Accepts connections and never says a word.
#[tokio::test]
async fn a_server_that_never_answers_does_not_hold_the_check() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut options = Options::new(Protocol::Whep, format!("http://{address}/whep"));
    options.patience = Duration::from_millis(200);
    let result = check::check(&options, &|_| {}).await;
    assert!(matches!(result, Err(CheckError::Unreachable { .. })), "{result:?}");
}

#[tokio::test]
async fn a_check_ends_in_time_and_says_what_it_did_not_come_to() {
    let toy = Toy::start(Protocol::Whip, "").await;
    let mut options = options(&toy, Protocol::Whip);
    options.time_limit = Duration::ZERO;
    let report = check::check(&options, &|_| {}).await.unwrap();
    assert!(report.has_failed() && !report.complete, "{report}");
    let (last, told) = (report.verdicts.last().unwrap(), report.to_string());
    assert_eq!(last.reason, "out of time", "{told}");
    assert!(told.contains("did not come to its end"), "{told}");
}
