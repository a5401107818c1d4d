//! Real requests, to receivers on this machine.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::address::Policy;
use crate::client::{Answer, Client, Outgoing, Post};
use crate::sign::Secret;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW_MS: i64 = 1_800_000_000_500;

/// Answers each request with a text, and keeps what it was sent.
struct Receiver {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn start(answer: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (keeps, answer) = (heard.clone(), answer.into());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut text = String::new();
                while !is_whole(&text) {
                    let mut bytes = [0; 4096];
                    match stream.read(&mut bytes).await {
                        Ok(n @ 1..) => text.push_str(std::str::from_utf8(&bytes[..n]).unwrap()),
                        _ => break,
                    }
                }
                keeps.lock().unwrap().push(text);
                // It may not wait for the end of a long answer.
                _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { port, heard }
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/hook?a=b", self.port)
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    header(head, "content-length").is_some_and(|n| n.parse() == Ok(body.len()))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}

fn client(allowed: &[&str]) -> Client {
    let allowed: Vec<String> = allowed.iter().map(|it| (*it).to_owned()).collect();
    Client::new(Policy::allowing(&allowed).unwrap(), tls::client_config())
}

async fn post(client: &Client, url: String) -> Result<Answer, String> {
    let body = r#"{"id":"evt_1","event":"ping"}"#.to_owned();
    let signed = Secret::parse(SECRET).unwrap().sign("wh_1", "evt_1", &body, NOW_MS);
    client.post(Outgoing { url, body, signed }).await
}

/// HMAC with SHA-256 by its definition (RFC 2104).
fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|it| it ^ 0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(block.map(|it| it ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().to_vec()
}

#[tokio::test]
async fn a_receiver_can_verify_both_signatures() {
    let receiver = Receiver::start("HTTP/1.1 204 No Content\r\n\r\n").await;
    let answer = post(&client(&["127.0.0.1"]), receiver.url("127.0.0.1")).await;
    assert_eq!(answer, Ok(Answer { status: 204, retry_after: None, error: None }));
    let heard = receiver.heard();
    let (head, body) = heard[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{head}");
    let of = |name| header(head, name).unwrap();
    assert_eq!(of("host"), format!("127.0.0.1:{}", receiver.port));
    assert_eq!(of("content-type"), "application/json");

    let key = BASE64_STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let (id, timestamp) = (of("webhook-id"), of("webhook-timestamp"));
    assert_eq!((id, timestamp), ("evt_1", "1800000000"));
    let expect = BASE64_STANDARD.encode(hmac(&key, &format!("{id}.{timestamp}.{body}")));
    assert_eq!(of("webhook-signature"), format!("v1,{expect}"));

    let token = of("authorization");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(signature, BASE64_URL_SAFE_NO_PAD.encode(hmac(SECRET.as_bytes(), signed)));
    let parts: Vec<Value> = signed
        .split('.')
        .map(|part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0]["alg"], "HS256");
    assert_eq!(parts[1]["iss"], "wh_1");
    assert_eq!(parts[1]["exp"], 1_800_000_300);
    assert_eq!(parts[1]["sha256"], BASE64_STANDARD.encode(Sha256::digest(body)));
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let inside = Receiver::start("HTTP/1.1 200 OK\r\n\r\n").await;
    let location = inside.url("127.0.0.1");
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
        let head =
            format!("HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let outside = Receiver::start(head).await;
        let answer = post(&client(&["127.0.0.1"]), outside.url("127.0.0.1")).await.unwrap();
        assert!(answer.error.unwrap().contains("redirects are not followed"));
        assert_eq!(outside.heard().len(), 1);
    }
    assert_eq!(inside.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn names_that_lead_to_this_machine_are_called_only_when_they_are_allowed() {
    let receiver = Receiver::start("HTTP/1.1 200 OK\r\n\r\n").await;
    for host in ["localhost", "127.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let refused = post(&client(&["hook.lan"]), receiver.url(host)).await.unwrap_err();
        assert!(refused.contains("--webhook-allow"), "{host}: {refused}");
    }
    assert_eq!(receiver.heard(), Vec::<String>::new());
    post(&client(&["localhost"]), receiver.url("localhost")).await.unwrap();
    assert_eq!(receiver.heard().len(), 1);
}

#[tokio::test]
async fn a_receiver_with_https_has_to_be_who_its_certificate_says() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (certified.cert.der().clone(), certified.signing_key.serialize_der());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.clone()], PrivatePkcs8KeyDer::from(key).into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                stream.read_buf(&mut request).await.unwrap();
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(cert).unwrap();
    let trusting = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let policy = Policy::allowing(&["localhost".into(), "127.0.0.1".into()]).unwrap();
    let trusting = Client::new(policy, trusting);
    let answer = post(&trusting, format!("https://localhost:{port}/")).await.unwrap();
    assert_eq!((answer.status, answer.error), (204, None));
    let other_name = post(&trusting, format!("https://127.0.0.1:{port}/")).await.unwrap_err();
    let stranger = client(&["localhost"]);
    let unknown = post(&stranger, format!("https://localhost:{port}/")).await.unwrap_err();
    for refused in [other_name, unknown] {
        assert!(refused.starts_with("TLS: invalid peer certificate"), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_does_not_answer_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let refused = post(&client(&["127.0.0.1"]), url).await.unwrap_err();
    assert_eq!(refused, "no answer within 10 s");
}

#[tokio::test]
async fn what_a_receiver_answers_is_its_status_however_long_it_talks() {
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1 << 20));
    let receiver = Receiver::start(long).await;
    let answer = post(&client(&["127.0.0.1"]), receiver.url("127.0.0.1")).await.unwrap();
    assert_eq!((answer.status, answer.error), (200, None));
    let endless = format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(1 << 20));
    let receiver = Receiver::start(endless).await;
    let refused = post(&client(&["127.0.0.1"]), receiver.url("127.0.0.1")).await.unwrap_err();
    assert!(refused.starts_with("no answer: "), "{refused}");
    let busy = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 90\r\ncontent-length: 0\r\n\r\n";
    let receiver = Receiver::start(busy).await;
    let answer = post(&client(&["127.0.0.1"]), receiver.url("127.0.0.1")).await.unwrap();
    assert_eq!(answer.retry_after.map(|it| it.as_secs()), Some(90));
    assert_eq!(answer.error.as_deref(), Some("it answered 429"));
}
