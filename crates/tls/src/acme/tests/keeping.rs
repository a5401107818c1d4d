//! The keeper on virtual time, with a CA that answers as a story says.

use std::collections::VecDeque;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::time::{Instant, timeout};

use crate::acme::ca::Ca;
use crate::acme::config::{Challenge, Config, label};
use crate::acme::error::Failure;
use crate::acme::keeper::Keeper;
use crate::acme::limits::{FIRST_RETRY, LONGEST_RETRY, RATE_LIMITED_RETRY, RENEW_LEAST};
use crate::acme::name::Name;
use crate::acme::schedule::{Told, Window};
use crate::acme::status::{Entry, State, Status};
use crate::acme::store::Store;
use crate::acme::testing::{hours, pem};
use crate::certificate::Certificate;
use crate::certificates::Certificates;
use crate::folder::Folder;

const NAME: &str = "live.example.com";

/// What the CA was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    label: String,
    at: SystemTime,
    is_renewal: bool,
}

struct World {
    temp: TempDir,
    status: Status,
    certificates: Certificates,
    began: Instant,
    base: SystemTime,
    ca: Arc<Mutex<Script>>,
}

/// How the CA answers.
struct Script {
    lifetime: Duration,
    /// The next answers; without one it issues.
    refusals: VecDeque<(Failure, Told)>,
    /// A name that it always refuses.
    bad: Option<&'static str>,
    window: Option<Window>,
    /// The CA's clock less that of the server.
    skew: Duration,
    orders: Vec<Asked>,
}

struct FakeCa {
    began: Instant,
    base: SystemTime,
    script: Arc<Mutex<Script>>,
}

impl Ca for FakeCa {
    async fn order(
        &mut self,
        names: &[Name],
        replaces: Option<&Certificate>,
    ) -> Result<String, (Failure, Told)> {
        let mut script = self.script.lock().unwrap();
        let now = self.base + self.began.elapsed();
        let label = label(names);
        script.orders.push(Asked { label: label.clone(), at: now, is_renewal: replaces.is_some() });
        if script.bad == Some(label.as_str()) {
            return Err((refused("dns"), Told::default()));
        }
        if let Some(refusal) = script.refusals.pop_front() {
            return Err(refusal);
        }
        let names: Vec<String> = names.iter().map(Name::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(pem(&names, now - script.skew, script.lifetime))
    }

    async fn window(&mut self, _: &Certificate) -> Option<(Window, Duration)> {
        let window = self.script.lock().unwrap().window?;
        Some((window, hours(6)))
    }
}

fn refused(problem: &str) -> Failure {
    Failure::Refused { problem: problem.into(), detail: "in the CA's own words".into() }
}

impl World {
    fn new() -> Self {
        let script = Script {
            lifetime: hours(160),
            refusals: VecDeque::new(),
            bad: None,
            window: None,
            skew: Duration::ZERO,
            orders: Vec::new(),
        };
        Self {
            temp: tempfile::tempdir().unwrap(),
            status: Status::default(),
            certificates: Certificates::default(),
            began: Instant::now(),
            base: SystemTime::UNIX_EPOCH + hours(24 * 365 * 60),
            ca: Arc::new(Mutex::new(script)),
        }
    }

    fn now(&self) -> SystemTime {
        self.base + self.began.elapsed()
    }

    fn store(&self) -> Store {
        Store(Folder::open(self.temp.path()).unwrap())
    }

    /// Starts the keeper, as a start of the server does, and ends it after a time.
    async fn run(&mut self, names: &[&str], time: Duration) {
        self.certificates = Certificates::default();
        let names = names.iter().map(|name| name.parse().unwrap()).collect();
        let config = Config::new(names, Challenge::TlsAlpn);
        let mut keeper = Keeper {
            store: self.store(),
            certificates: self.certificates.clone(),
            status: self.status.clone(),
            random: fastrand::Rng::with_seed(7),
            slots: Vec::new(),
        };
        keeper.load(config.certificates(), self.now());
        let (began, base) = (self.began, self.base);
        let ca = FakeCa { began, base, script: self.ca.clone() };
        _ = timeout(time, keeper.run(ca, move || base + began.elapsed())).await;
    }

    fn orders(&self) -> Vec<Asked> {
        self.ca.lock().unwrap().orders.clone()
    }

    /// Hours from one order to the next.
    fn hours_between(&self) -> Vec<u64> {
        let orders = self.orders();
        let between = orders.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).unwrap());
        between.map(|it| it.as_secs() / 3600).collect()
    }

    fn entry(&self) -> Entry {
        self.status.get().remove(0)
    }

    fn next_try(&self) -> SystemTime {
        let State::Failed { next_try, .. } = self.entry().state else { panic!("it did not fail") };
        next_try
    }

    fn is_shown(&self, name: &str) -> bool {
        self.certificates.all().iter().any(|it| it.is_for(name))
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.temp.path().join(name)
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_renewed_at_half_of_its_lifetime_with_a_new_key() {
    let mut world = World::new();
    world.run(&[NAME], hours(79)).await;
    let first = fs::read_to_string(world.file("live.example.com.pem")).unwrap();
    assert_eq!(world.orders().len(), 1);
    assert!(world.is_shown(NAME));
    world.run(&[NAME], hours(180)).await;
    assert_eq!(world.hours_between(), [80, 80, 80]);
    assert!(world.orders()[1..].iter().all(|it| it.is_renewal));
    let last = fs::read_to_string(world.file("live.example.com.pem")).unwrap();
    let key = |pem: &str| pem.split("-----END PRIVATE KEY").next().unwrap().to_owned();
    assert_ne!(key(&first), key(&last));
    let State::Issued { renew_at } = world.entry().state else { panic!("not issued") };
    assert_eq!(renew_at, world.orders()[3].at + hours(80));
}

#[tokio::test(start_paused = true)]
async fn a_restart_shows_the_kept_certificate_and_orders_nothing() {
    let mut world = World::new();
    world.run(&[NAME], hours(1)).await;
    world.run(&[NAME], Duration::from_millis(1)).await;
    assert!(world.is_shown(NAME));
    assert_eq!(world.orders().len(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(world.file("live.example.com.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_name_costs_the_others_nothing() {
    let mut world = World::new();
    world.ca.lock().unwrap().bad = Some("bad.example.com");
    world.run(&["bad.example.com", NAME, "203.0.113.7", "2001:db8::7"], hours(2)).await;
    assert!(world.is_shown(NAME));
    assert!(world.is_shown("203.0.113.7") && world.is_shown("2001:db8::7"));
    let entries = world.status.get();
    assert!(matches!(&entries[0].state, State::Failed { failure, .. } if failure.is("dns")));
    assert_eq!(entries[0].valid_until, None);
    assert!(matches!(entries[1].state, State::Issued { .. }));
    // One certificate for both addresses.
    assert_eq!(label(&entries[2].names), "203.0.113.7, 2001:db8::7");
    assert_eq!(entries.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_ca_that_is_down_is_asked_ever_less_often_and_the_old_certificate_stays() {
    let mut world = World::new();
    world.run(&[NAME], hours(1)).await;
    let down = (Failure::Unreachable("connection refused".into()), Told::default());
    world.ca.lock().unwrap().refusals = vec![down; 12].into();
    world.run(&[NAME], hours(130)).await;
    let orders = world.orders();
    let waits: Vec<Duration> =
        orders[1..].windows(2).map(|it| it[1].at.duration_since(it[0].at).unwrap()).collect();
    assert!(waits[0] >= FIRST_RETRY && waits[0] < FIRST_RETRY * 2, "{waits:?}");
    assert!(waits[..9].is_sorted(), "{waits:?}");
    assert!(waits[11] >= LONGEST_RETRY, "{waits:?}");
    assert!(matches!(world.entry().state, State::Issued { .. }), "it returned");
    assert!(world.is_shown(NAME));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_respected_over_a_restart() {
    let mut world = World::new();
    let told = Told { retry_after: Some(hours(30)), is_rate_limited: true };
    world.ca.lock().unwrap().refusals.push_back((refused("rateLimited"), told));
    world.run(&[NAME], hours(1)).await;
    assert!(world.next_try() >= world.orders()[0].at + hours(30));
    world.run(&[NAME], hours(28)).await;
    assert_eq!(world.orders().len(), 1, "not earlier");
    let State::Failed { failure, .. } = world.entry().state else { panic!("forgotten") };
    assert_eq!(failure.to_string(), "in the CA's own words (rateLimited)");
    world.run(&[NAME], hours(2)).await;
    assert_eq!(world.orders().len(), 2);
    assert!(world.is_shown(NAME));
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_without_a_time_waits_for_an_hour() {
    let mut world = World::new();
    let told = Told { retry_after: None, is_rate_limited: true };
    world.ca.lock().unwrap().refusals.push_back((refused("rateLimited"), told));
    world.run(&[NAME], hours(2)).await;
    let orders = world.orders();
    assert!(orders[1].at.duration_since(orders[0].at).unwrap() >= RATE_LIMITED_RETRY);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_the_ca_revokes_is_replaced_when_the_ca_says_so() {
    let mut world = World::new();
    world.run(&[NAME], hours(30)).await;
    let over = Window { start: world.now() - hours(2), end: world.now() - hours(1) };
    world.ca.lock().unwrap().window = Some(over);
    world.run(&[NAME], hours(1)).await;
    assert_eq!(world.orders().len(), 2);
    // The CA's window stays wrong: that costs an order a day.
    world.run(&[NAME], RENEW_LEAST * 3).await;
    assert!(world.orders().len() <= 6, "{:?}", world.orders());
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_cannot_be_renewed_gives_way_to_the_local_one_when_it_expires() {
    let mut world = World::new();
    world.run(&[NAME], hours(1)).await;
    world.ca.lock().unwrap().bad = Some(NAME);
    world.run(&[NAME], hours(157)).await;
    assert!(world.is_shown(NAME));
    assert!(world.entry().valid_until.is_some());
    world.run(&[NAME], hours(3)).await;
    assert!(!world.is_shown(NAME));
    assert_eq!(world.entry().valid_until, None);
    // Nor is it shown after a restart, and the file is replaced.
    world.ca.lock().unwrap().bad = None;
    world.run(&[NAME], Duration::from_millis(1)).await;
    assert!(world.is_shown(NAME));
}

#[tokio::test(start_paused = true)]
async fn files_that_are_damaged_or_for_other_names_are_replaced() {
    let mut world = World::new();
    let other = pem(&["other.example.com"], world.now(), hours(1000));
    for foreign in [other.as_str(), "nothing", ""] {
        fs::write(world.file("live.example.com.pem"), foreign).unwrap();
        fs::write(world.file("live.example.com.wait.json"), foreign).unwrap();
        world.run(&[NAME], hours(1)).await;
        assert!(world.is_shown(NAME) && !world.is_shown("other.example.com"));
    }
    assert_eq!(world.orders().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_ordered_while_the_certificate_could_not_be_kept() {
    let mut world = World::new();
    fs::create_dir(world.file("writable.test")).unwrap();
    world.run(&[NAME], hours(1)).await;
    assert!(world.orders().is_empty());
    let State::Failed { failure, .. } = world.entry().state else { panic!("it did not fail") };
    assert!(failure.to_string().contains("cannot be written"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_is_named_and_does_not_order_without_end() {
    let mut world = World::new();
    world.ca.lock().unwrap().skew = hours(24 * 365);
    world.run(&[NAME], hours(24)).await;
    let State::Failed { failure, .. } = world.entry().state else { panic!("it did not fail") };
    assert!(failure.to_string().contains("clock"), "{failure}");
    assert!(world.orders().len() < 15, "{}", world.orders().len());
}
