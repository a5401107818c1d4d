//! What the CA answers, and what becomes of it: a CA without a network.

use std::collections::BTreeMap;
use std::fs;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, Response};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use tempfile::TempDir;

use crate::acme::ca::{Ca, RemoteCa};
use crate::acme::challenges::{Answers, Challenges};
use crate::acme::config::{Challenge, Config};
use crate::acme::error::Failure;
use crate::acme::schedule::Told;
use crate::certificates::Certificates;
use crate::folder::Folder;

const DIRECTORY: &str = r#"{"newNonce":"https://ca/nonce","newAccount":"https://ca/account",
    "newOrder":"https://ca/order","revokeCert":"https://ca/revoke","keyChange":"https://ca/key"}"#;
const NO_DNS: &str = r#"{"identifier":{"type":"dns","value":"live.example.com"},"status":"pending",
    "challenges":[{"type":"dns-01","url":"https://ca/challenge","status":"pending","token":"t"}]}"#;
const ORDER: &str = r#"{"status":"pending","authorizations":["https://ca/authorization"],
    "finalize":"https://ca/finalize"}"#;

/// Status, headers and body of an answer.
type Answered = (u16, Vec<(&'static str, String)>, String);

/// A CA in memory. By path it has answers to give once, before its usual ones.
#[derive(Default)]
struct Fake {
    once: Mutex<BTreeMap<&'static str, Vec<Answered>>>,
    asked: Mutex<Vec<String>>,
    is_silent: bool,
}

impl Fake {
    fn once(&self, path: &'static str, status: u16, kind: &str, body: &str) {
        let headers = vec![("content-type", kind.to_owned()), ("retry-after", "7200".into())];
        let answer = (status, headers, body.to_owned());
        self.once.lock().unwrap().entry(path).or_default().push(answer);
    }

    fn problem(&self, path: &'static str, status: u16, problem: &str, detail: &str) {
        let body =
            format!(r#"{{"type":"urn:ietf:params:acme:error:{problem}","detail":"{detail}"}}"#);
        self.once(path, status, "application/problem+json", &body);
    }

    fn count(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|it| *it == path).count()
    }

    fn answer(&self, path: &str) -> Answered {
        if let Some(answer) = self.once.lock().unwrap().get_mut(path).and_then(Vec::pop) {
            return answer;
        }
        let (status, body) = match path {
            "/directory" => (200, DIRECTORY),
            "/nonce" => (200, ""),
            "/account" => (201, r#"{"status":"valid"}"#),
            "/order" => (201, ORDER),
            "/authorization" => (200, NO_DNS),
            _ => (404, ""),
        };
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("replay-nonce", "n".into()),
            ("location", format!("https://ca{path}/1")),
        ];
        (status, headers, body.to_owned())
    }
}

struct Shared(Arc<Fake>);

impl HttpClient for Shared {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let path = request.uri().path().to_owned();
        if request.method() != Method::HEAD {
            self.0.asked.lock().unwrap().push(path.clone());
        }
        if self.0.is_silent {
            return Box::pin(std::future::pending());
        }
        let (status, headers, body) = self.0.answer(&path);
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let (parts, ()) = response.body(()).unwrap().into_parts();
        Box::pin(async { Ok(BytesResponse { parts, body: Box::new(Bytes::from(body)) }) })
    }
}

struct World {
    temp: TempDir,
    fake: Arc<Fake>,
}

impl World {
    fn new() -> Self {
        Self { temp: tempfile::tempdir().unwrap(), fake: Arc::default() }
    }

    /// Orders, as after a start of the server.
    async fn order(&self) -> (Failure, Told) {
        let names = vec!["live.example.com".parse().unwrap()];
        let mut config = Config::new(names.clone(), Challenge::Http);
        config.directory = "https://ca/directory".into();
        let answers = Answers {
            kind: Challenge::Http,
            challenges: Challenges::default(),
            certificates: Certificates::default(),
        };
        let folder = Folder::open(self.temp.path()).unwrap();
        let http = Arc::new(Shared(self.fake.clone()));
        let mut ca = RemoteCa::new(config, folder, answers, http);
        ca.order(&names, None).await.unwrap_err()
    }

    async fn told(&self) -> String {
        self.order().await.0.to_string()
    }
}

#[tokio::test]
async fn a_rate_limit_is_told_in_the_cas_words_and_with_its_time() {
    let world = World::new();
    world.fake.problem("/order", 429, "rateLimited", "too many certificates");
    let (failure, told) = world.order().await;
    assert_eq!(failure.to_string(), "too many certificates (rateLimited)");
    let expected = Told { retry_after: Some(Duration::from_secs(7200)), is_rate_limited: true };
    assert_eq!(told, expected);
    // What was said once does not count for another failure.
    assert_eq!(world.order().await.1, Told::default());
}

#[tokio::test]
async fn a_ca_in_maintenance_is_quoted_and_a_broken_one_is_told_by_its_status() {
    let world = World::new();
    world.fake.problem("/directory", 503, "serverInternal", "the service is down for maintenance");
    let (failure, told) = world.order().await;
    assert_eq!(failure.to_string(), "the service is down for maintenance (serverInternal)");
    assert_eq!(told.retry_after, Some(Duration::from_secs(7200)));
    world.fake.once("/order", 502, "text/html", "<html>");
    let expected = "the CA cannot be reached: it answered 502 Bad Gateway";
    assert_eq!(world.told().await, expected);
    world.fake.once("/directory", 200, "text/html", "<html>");
    let told = world.told().await;
    assert!(told.starts_with("the CA's answer cannot be used: "), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_ca_that_never_answers_is_given_up() {
    let mut world = World::new();
    world.fake = Arc::new(Fake { is_silent: true, ..Fake::default() });
    assert_eq!(world.told().await, "the CA cannot be reached: no answer within 30 s");
}

#[tokio::test]
async fn a_challenge_that_the_ca_does_not_offer_is_named() {
    let told = World::new().told().await;
    assert_eq!(told, "the CA offers no http-01 challenge for live.example.com, but dns-01");
}

#[tokio::test]
async fn the_account_stays_over_a_restart_and_only_its_owner_can_read_it() {
    let world = World::new();
    world.order().await;
    world.order().await;
    assert_eq!(world.fake.count("/account"), 1);
    let file = world.temp.path().join("account.json");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fs::write(&file, "damaged").unwrap();
    world.order().await;
    assert_eq!(world.fake.count("/account"), 2, "a damaged one is replaced");
}

#[tokio::test]
async fn an_account_that_the_ca_forgot_is_replaced_at_once() {
    let world = World::new();
    world.order().await;
    world.fake.problem("/order", 400, "accountDoesNotExist", "no such account");
    let told = world.told().await;
    assert!(told.contains("no http-01 challenge"), "the order went on: {told}");
    assert_eq!(world.fake.count("/account"), 2);
}

#[test]
fn each_ca_has_a_folder_of_its_own() {
    let folder = |directory: &str| {
        let mut config = Config::new(Vec::new(), Challenge::Http);
        config.directory = directory.into();
        config.folder_name()
    };
    assert_eq!(folder(super::super::LETS_ENCRYPT), "acme-v02.api.letsencrypt.org_directory");
    assert_eq!(folder("https://ca.lan:9443/../x"), "ca.lan_9443_.._x");
    assert!(folder(&format!("https://{}", "a".repeat(1000))).len() < 255);
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    let config = |name: &str| Config::new(vec![name.parse().unwrap()], Challenge::TlsAlpn);
    let mut good = config("live.example.com");
    good.contact = Some("me@example.com".into());
    assert_eq!(good.check(), Ok(()));
    assert_eq!(good.contact_url().unwrap(), "mailto:me@example.com");
    let told = |config: &Config| config.check().unwrap_err().to_string();
    assert!(
        told(&config("studio.local")).contains("`studio.local` is not a name of the public DNS")
    );
    let mut private = config("studio.local");
    private.root = Some("root.pem".into());
    assert_eq!(private.check(), Ok(()), "a private CA may know it");
    for bad in ["http://ca/directory", "ca", "https://"] {
        let config = Config { directory: bad.into(), ..good.clone() };
        assert!(told(&config).contains(bad), "{bad}");
    }
    for bad in ["me", "@", "me@a@b", "a b@c"] {
        let config = Config { contact: Some(bad.into()), ..good.clone() };
        assert!(told(&config).contains("is not a mail address"), "{bad}");
    }
    let many = vec!["live.example.com".parse().unwrap(); 101];
    assert!(told(&Config { names: many, ..good }).contains("101 names"));
}

#[test]
fn a_root_that_cannot_be_read_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let mut config = Config::new(Vec::new(), Challenge::Http);
    let root = temp.path().join("root.pem");
    config.root = Some(root.clone());
    let open = || {
        let certificates = Certificates::default();
        let now = SystemTime::now();
        let (challenges, status) = (Challenges::default(), super::super::Status::default());
        let opened = super::super::Acme::open(
            config.clone(),
            &folder,
            certificates,
            challenges,
            status,
            now,
        );
        opened.unwrap_err().to_string()
    };
    assert!(open().contains("root.pem: the file cannot be read"), "{}", open());
    fs::write(&root, "nothing").unwrap();
    assert!(open().contains("root.pem: the file has no certificate"), "{}", open());
}
