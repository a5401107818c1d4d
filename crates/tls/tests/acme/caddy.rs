//! Stories with Caddy as the CA.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tls::acme::{Challenge, State};
use tokio::process::Command;

use crate::namespace::{program, run};
use crate::world::{Authority, World, log_until, own_https};

const LIFETIME: Duration = Duration::from_secs(12 * 3600);
const RETRY_AFTER: Duration = Duration::from_secs(7200);
const BUSY_DIRECTORY: &str = "https://busy.kaibo.test:9444/acme/local/directory";

const CADDYFILE: &str = r#"{
	admin off
	auto_https disable_redirects
	skip_install_trust
	storage file_system DIR
}
https://ca.kaibo.test:9443 {
	tls DIR/local.pem DIR/local-key.pem
	acme_server {
		lifetime 12h
		challenges tls-alpn-01 http-01
	}
}
https://busy.kaibo.test:9444 {
	tls DIR/local.pem DIR/local-key.pem
	route {
		@order path */new-order
		log_append @order refused yes
		header @order Retry-After 7200
		header @order Content-Type application/problem+json
		respond @order `{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many new orders (300) from this account"}` 429
		acme_server
	}
	log {
		output file DIR/busy.log
	}
}
"#;

/// Runs a story. `name` is that of the test.
fn story(name: &str, story: impl AsyncFnOnce(&mut World)) {
    let program = program("CADDY", "bin/caddy", "./test e2e installs it");
    run(&format!("caddy::{name}"), async || {
        let temp = tempfile::tempdir().unwrap();
        let ca = start(program, &temp).await;
        story(&mut World::new(temp, ca).await).await;
    });
}

async fn start(program: PathBuf, temp: &TempDir) -> Authority {
    let (root, _) = own_https(temp);
    let caddyfile = temp.path().join("Caddyfile");
    let text = CADDYFILE.replace("DIR", temp.path().to_str().unwrap());
    std::fs::write(&caddyfile, text).unwrap();
    let mut process = Command::new(program)
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(&caddyfile)
        .env("HOME", temp.path())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    log_until(process.stderr.take().unwrap(), "serving initial configuration").await;
    let issued_by = temp.path().join("pki/authorities/local/root.crt");
    let roots = vec![std::fs::read_to_string(issued_by).unwrap()];
    let directory = "https://ca.kaibo.test:9443/acme/local/directory".to_owned();
    Authority { directory, root, roots, process }
}

/// The orders that the busy CA refused.
fn orders_refused(world: &World) -> usize {
    let log = std::fs::read_to_string(world.path("busy.log")).unwrap();
    log.lines().filter(|line| line.contains(r#""refused":"yes""#)).count()
}

#[test]
fn names_and_an_address_are_proven_by_tls_and_renewed_while_a_connection_stays_open() {
    story(
        "names_and_an_address_are_proven_by_tls_and_renewed_while_a_connection_stays_open",
        async |world| {
            let names = ["live.kaibo.test", "second.kaibo.test", "127.0.0.1"];
            let config = world.config(&names, Challenge::TlsAlpn);
            world.issue(&config, SystemTime::now).await;
            let mut open = world.connect("live.kaibo.test").await;
            let first = open.certificate();
            for name in ["second.kaibo.test", "127.0.0.1"] {
                assert_eq!(world.connect(name).await.echo("hello").await, "hello", "{name}");
            }
            // A restart does not order anew.
            world.issue(&config, SystemTime::now).await;
            assert_eq!(world.connect("live.kaibo.test").await.certificate(), first);
            // After half of the lifetime it does.
            world.issue(&config, || SystemTime::now() + LIFETIME / 2).await;
            assert_ne!(world.connect("live.kaibo.test").await.certificate(), first);
            assert_eq!(open.echo("still here").await, "still here");
        },
    );
}

#[test]
fn names_and_an_address_are_proven_by_http() {
    story("names_and_an_address_are_proven_by_http", async |world| {
        let config = world.config(&["live.kaibo.test", "127.0.0.1"], Challenge::Http);
        world.issue(&config, SystemTime::now).await;
        for name in ["live.kaibo.test", "127.0.0.1"] {
            assert_eq!(world.connect(name).await.echo("hello").await, "hello", "{name}");
        }
    });
}

#[test]
fn a_name_that_is_elsewhere_fails_in_the_cas_words_and_costs_the_others_nothing() {
    story(
        "a_name_that_is_elsewhere_fails_in_the_cas_words_and_costs_the_others_nothing",
        async |world| {
            let names = ["elsewhere.kaibo.test", "live.kaibo.test"];
            let config = world.config(&names, Challenge::TlsAlpn);
            let before = SystemTime::now();
            let entries = world.settle(&config, SystemTime::now).await;
            let State::Failed { failure, next_try } = &entries[0].state else {
                panic!("{entries:?}")
            };
            assert!(failure.is("connection") || failure.is("tls"), "{failure}");
            assert!(*next_try >= before + Duration::from_secs(60));
            assert!(matches!(entries[1].state, State::Issued { .. }), "{entries:?}");
            assert_eq!(world.connect("live.kaibo.test").await.echo("hello").await, "hello");
        },
    );
}

#[test]
fn a_rate_limit_is_respected_over_a_restart() {
    story("a_rate_limit_is_respected_over_a_restart", async |world| {
        let mut config = world.config(&["live.kaibo.test"], Challenge::TlsAlpn);
        config.directory = BUSY_DIRECTORY.into();
        let before = SystemTime::now();
        for _ in 0..2 {
            let entries = world.settle(&config, SystemTime::now).await;
            let State::Failed { failure, next_try } = &entries[0].state else {
                panic!("{entries:?}")
            };
            assert!(failure.is("rateLimited"), "{failure}");
            assert!(failure.to_string().contains("too many new orders"), "{failure}");
            assert!(*next_try >= before + RETRY_AFTER);
        }
        assert_eq!(orders_refused(world), 1);
    });
}
