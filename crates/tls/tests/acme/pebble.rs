//! Stories with Pebble as the CA: Let's Encrypt's own test server, which knows profiles and renewal information.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tls::acme::{Challenge, Config, Entry, State, Status};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::namespace::{program, run};
use crate::world::{Authority, Connection, World, log_until, own_https};

const DIRECTORY: &str = "https://ca.kaibo.test:14000/dir";
const MANAGEMENT: &str = "127.0.0.1:15000";
const DAY: Duration = Duration::from_secs(24 * 3600);

const CONFIG: &str = r#"{"pebble": {
    "listenAddress": "127.0.0.1:14000",
    "managementListenAddress": "127.0.0.1:15000",
    "certificate": "DIR/local.pem",
    "privateKey": "DIR/local-key.pem",
    "httpPort": 80,
    "tlsPort": 443,
    "domainBlocklist": ["blocked.kaibo.test"],
    "retryAfter": {"authz": 1, "order": 1},
    "keyAlgorithm": "ecdsa",
    "profiles": {
        "default": {"description": "90 days", "validityPeriod": 7776000},
        "shortlived": {"description": "160 hours", "validityPeriod": 576000}
    }
}}"#;

/// Runs a story. `name` is that of the test.
fn story(name: &str, story: impl AsyncFnOnce(&mut World)) {
    let program = program("PEBBLE", "pebble/pebble", "tools/pebble.sh builds it");
    run(&format!("pebble::{name}"), async || {
        let temp = tempfile::tempdir().unwrap();
        let ca = start(program, &temp).await;
        story(&mut World::new(temp, ca).await).await;
    });
}

async fn start(program: PathBuf, temp: &TempDir) -> Authority {
    let (root, own_root) = own_https(temp);
    let text = CONFIG.replace("DIR", temp.path().to_str().unwrap());
    std::fs::write(temp.path().join("pebble.json"), text).unwrap();
    let process = spawn(&program, temp.path().join("pebble.json")).await;
    let connection = Connection::open(MANAGEMENT, "127.0.0.1", &[own_root]).await;
    let roots = vec![connection.get("/roots/0").await];
    Authority { directory: DIRECTORY.into(), root, roots, process }
}

async fn spawn(program: &PathBuf, config: PathBuf) -> Child {
    let mut process = Command::new(program)
        .arg("-config")
        .arg(config)
        .env("PEBBLE_VA_NOSLEEP", "1")
        .env("PEBBLE_WFE_NONCEREJECT", "5")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    log_until(process.stdout.take().unwrap(), "ACME directory available").await;
    // Pebble says so before it listens.
    for address in [MANAGEMENT, "127.0.0.1:14000"] {
        while TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
    process
}

/// Pebble takes any profile when none is named.
fn long(mut config: Config) -> Config {
    config.profile = Some("default".into());
    config
}

/// Days from now to the end of a certificate.
fn days(entry: &Entry) -> f64 {
    let left = entry.valid_until.unwrap().duration_since(SystemTime::now()).unwrap();
    left.as_secs_f64() / DAY.as_secs_f64()
}

#[test]
fn an_address_has_a_short_lived_certificate_and_a_name_a_long_one() {
    story("an_address_has_a_short_lived_certificate_and_a_name_a_long_one", async |world| {
        for (challenge, name) in
            [(Challenge::TlsAlpn, "live.kaibo.test"), (Challenge::Http, "second.kaibo.test")]
        {
            let addresses = world.config(&["127.0.0.1", "::1"], challenge);
            let entries = world.issue(&addresses, SystemTime::now).await;
            assert!((6.5..6.8).contains(&days(&entries[0])), "{entries:?}");
            let entries =
                world.issue(&long(world.config(&[name], challenge)), SystemTime::now).await;
            assert!((89.0..91.0).contains(&days(&entries[0])), "{entries:?}");
            for name in [name, "127.0.0.1", "::1"] {
                assert_eq!(world.connect(name).await.echo("hello").await, "hello", "{name}");
            }
        }
    });
}

#[test]
fn a_profile_that_the_operator_names_is_used_and_an_unknown_one_is_refused_in_the_cas_words() {
    story(
        "a_profile_that_the_operator_names_is_used_and_an_unknown_one_is_refused_in_the_cas_words",
        async |world| {
            let mut config = world.config(&["live.kaibo.test"], Challenge::TlsAlpn);
            config.profile = Some("shortlived".into());
            let entries = world.issue(&config, SystemTime::now).await;
            assert!((6.5..6.8).contains(&days(&entries[0])), "{entries:?}");
            let mut config = world.config(&["second.kaibo.test"], Challenge::TlsAlpn);
            config.profile = Some("eternal".into());
            let entries = world.settle(&config, SystemTime::now).await;
            let State::Failed { failure, .. } = &entries[0].state else { panic!("{entries:?}") };
            assert!(failure.to_string().contains("eternal"), "{failure}");
        },
    );
}

#[test]
fn certificates_are_renewed_while_a_connection_stays_open() {
    story("certificates_are_renewed_while_a_connection_stays_open", async |world| {
        let config = world.config(&["127.0.0.1"], Challenge::TlsAlpn);
        world.issue(&config, SystemTime::now).await;
        let mut open = world.connect("127.0.0.1").await;
        world.issue(&config, || SystemTime::now() + DAY * 3).await;
        assert_eq!(world.connect("127.0.0.1").await.certificate(), open.certificate());
        world.issue(&config, || SystemTime::now() + DAY * 4).await;
        assert_ne!(world.connect("127.0.0.1").await.certificate(), open.certificate());
        assert_eq!(open.echo("still here").await, "still here");
    });
}

#[test]
fn a_name_is_renewed_when_the_ca_suggests_it() {
    story("a_name_is_renewed_when_the_ca_suggests_it", async |world| {
        let config = long(world.config(&["live.kaibo.test"], Challenge::TlsAlpn));
        let began = SystemTime::now();
        // Pebble suggests two thirds of the lifetime.
        let is_suggested = |entry: &Entry| {
            let State::Issued { renew_at } = entry.state else { return false };
            (began + DAY * 58..began + DAY * 62).contains(&renew_at)
        };
        world.run_until(&config, SystemTime::now, is_suggested).await;
        let first = world.connect("live.kaibo.test").await.certificate();
        world.run_until(&config, || SystemTime::now() + DAY * 50, is_suggested).await;
        assert_eq!(world.connect("live.kaibo.test").await.certificate(), first);
        world.issue(&config, || SystemTime::now() + DAY * 65).await;
        assert_ne!(world.connect("live.kaibo.test").await.certificate(), first);
    });
}

#[test]
fn a_revoked_certificate_is_replaced() {
    story("a_revoked_certificate_is_replaced", async |world| {
        let config = world.config(&["live.kaibo.test"], Challenge::TlsAlpn);
        world.issue(&config, SystemTime::now).await;
        let first = world.connect("live.kaibo.test").await.certificate();
        world.open(&config, Status::default(), SystemTime::now()).revoke().await.unwrap();
        world.issue(&config, SystemTime::now).await;
        assert_ne!(world.connect("live.kaibo.test").await.certificate(), first);
    });
}

#[test]
fn a_refusal_is_told_in_the_cas_words_and_costs_the_others_nothing() {
    story("a_refusal_is_told_in_the_cas_words_and_costs_the_others_nothing", async |world| {
        let names = ["blocked.kaibo.test", "elsewhere.kaibo.test", "live.kaibo.test"];
        let config = world.config(&names, Challenge::Http);
        let entries = world.settle(&config, SystemTime::now).await;
        let failure = |entry: &Entry| match &entry.state {
            State::Failed { failure, .. } => failure.clone(),
            State::Ordering | State::Issued { .. } => panic!("{entry:?}"),
        };
        let blocked = failure(&entries[0]);
        assert!(blocked.is("rejectedIdentifier"), "{blocked}");
        assert!(blocked.to_string().contains("blocked.kaibo.test"), "{blocked}");
        let elsewhere = failure(&entries[1]);
        assert!(elsewhere.is("connection"), "{elsewhere}");
        assert!(matches!(entries[2].state, State::Issued { .. }), "{entries:?}");
    });
}

#[test]
fn a_ca_that_forgot_account_and_certificate_issues_anew() {
    story("a_ca_that_forgot_account_and_certificate_issues_anew", async |world| {
        let config = long(world.config(&["live.kaibo.test"], Challenge::TlsAlpn));
        world.issue(&config, SystemTime::now).await;
        world.ca.process.kill().await.unwrap();
        let program = program("PEBBLE", "pebble/pebble", "tools/pebble.sh builds it");
        world.ca.process = spawn(&program, world.path("pebble.json")).await;
        let entries = world.issue(&config, || SystemTime::now() + DAY * 80).await;
        assert!(days(&entries[0]) > 85.0, "{entries:?}");
    });
}
