//! The check against a toy server: one that does everything right, and then one thing wrong at a time.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod toy;

use std::time::{Duration, Instant};

use conformance::{Options, Outcome, Protocol, Report};
use toy::{TOKEN, Toy};

async fn check(protocol: Protocol, toy: &Toy) -> Report {
    let url = match protocol {
        Protocol::Whip => toy.whip(),
        Protocol::Whep => toy.whep(),
    };
    let mut options = Options::new(protocol, url);
    options.token = Some(TOKEN.into());
    options.publish = (protocol == Protocol::Whep).then(|| toy.whip());
    options.patience = Duration::from_secs(5);
    conformance::check(&options, &|_| {}).await.unwrap()
}

fn names(report: &Report, outcome: Outcome) -> Vec<&str> {
    let all = report.verdicts.iter().filter(|it| it.outcome == outcome);
    all.map(|it| it.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_whip_that_does_everything_passes_everything() {
    let toy = Toy::start("").await;
    let began = Instant::now();
    let report = check(Protocol::Whip, &toy).await;
    println!("{:?} {report}", began.elapsed());
    assert_eq!(names(&report, Outcome::Fail), [""; 0], "{report}");
    assert_eq!(names(&report, Outcome::NotApplicable), ["Https", "OneOfTwo"], "{report}");
    assert_eq!(toy.n_sessions(), 0, "nothing is left behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_whep_that_does_everything_passes_everything() {
    let toy = Toy::start("").await;
    let began = Instant::now();
    let report = check(Protocol::Whep, &toy).await;
    println!("{:?} {report}", began.elapsed());
    assert_eq!(names(&report, Outcome::Fail), [""; 0], "{report}");
    assert_eq!(names(&report, Outcome::NotApplicable), ["Https", "OneOfTwo"], "{report}");
    assert_eq!(toy.n_sessions(), 0, "nothing is left behind");
}
