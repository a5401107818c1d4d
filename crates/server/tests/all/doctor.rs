//! What the doctor tells, and whom.

use crate::common::{TestServer, start_with};
use protocol::{DoctorReport, DoctorTicket};
use server::config::SecretText;

const KEY: &str = "a key of sixteen characters";

async fn closed() -> TestServer {
    let change = |config: &mut server::Config| {
        config.publish.open = None;
        config.publish.key = Some(SecretText(KEY.into()));
        config.listen = "0.0.0.0:0".parse().unwrap();
    };
    start_with(change, 16).await
}

struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    headers: &'a str,
    body: &'a str,
}

/// The status and the body of the answer to a stranger, unless `headers` say otherwise.
async fn ask(server: &TestServer, ask: Ask<'_>) -> (u16, String) {
    let Ask { method, path, headers, body } = ask;
    let (host, length) = (server.addr.port(), body.len());
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost:{host}\r\nconnection: close\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    );
    let (head, body) = server.raw(&request).await;
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

const STRANGER: &str = "x-forwarded-for: 203.0.113.7\r\n";

fn stranger_with(secret: &str) -> String {
    format!("{STRANGER}authorization: Bearer {secret}\r\n")
}

async fn ticket(server: &TestServer) -> DoctorTicket {
    let headers = stranger_with(KEY);
    let (status, body) = ask(
        server,
        Ask { method: "POST", path: "/api/doctor/tickets", headers: &headers, body: "" },
    )
    .await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[tokio::test]
async fn strangers_learn_nothing_of_the_machine() {
    let server = closed().await;
    let report = r#"{"device":"x","origin":"y","clockAheadMs":0,"results":[]}"#;
    for (method, path) in
        [("GET", "/api/doctor"), ("POST", "/api/doctor/tickets"), ("POST", "/api/doctor/devices")]
    {
        let (status, body) =
            ask(&server, Ask { method, path, headers: STRANGER, body: report }).await;
        assert_eq!(status, 401, "{path}: {body}");
        let headers = stranger_with("a wrong key of some length");
        let (status, _) = ask(&server, Ask { method, path, headers: &headers, body: report }).await;
        assert_eq!(status, 401, "{path}");
    }
}

#[tokio::test]
async fn the_own_machine_and_the_key_see_the_findings() {
    let server = closed().await;
    for headers in [String::new(), stranger_with(KEY)] {
        let get = Ask { method: "GET", path: "/api/doctor", headers: &headers, body: "" };
        let (status, body) = ask(&server, get).await;
        assert_eq!(status, 200, "{body}");
        let report: DoctorReport = serde_json::from_str(&body).unwrap();
        let has = |check: &str| report.findings.iter().any(|it| it.check == check);
        assert!(has("listen") && has("certificate") && has("media_address"), "{body}");
        assert!(report.findings.is_sorted_by_key(|it| it.level));
    }
}

#[tokio::test]
async fn a_device_with_a_ticket_looks_and_reports_and_makes_no_tickets() {
    let server = closed().await;
    let ticket = ticket(&server).await;
    assert!(ticket.pages.iter().all(|it| it.ends_with("/doctor")), "{ticket:?}");
    let headers = stranger_with(&ticket.ticket);
    let report = r#"{"device":"Safari, iPhone","origin":"http://192.0.2.1:3000","clockAheadMs":12.5,
        "results":[{"path":"udp4","state":"closed","ms":null}]}"#;
    let post = |body| Ask { method: "POST", path: "/api/doctor/devices", headers: &headers, body };
    assert_eq!(ask(&server, post(report)).await.0, 204);
    // Once more takes the place of the first.
    assert_eq!(ask(&server, post(report)).await.0, 204);
    let get = Ask { method: "GET", path: "/api/doctor", headers: &headers, body: "" };
    let (status, body) = ask(&server, get).await;
    assert_eq!(status, 200, "{body}");
    let found: DoctorReport = serde_json::from_str(&body).unwrap();
    assert_eq!(found.devices.len(), 1, "{body}");
    assert_eq!(found.devices[0].device, "Safari, iPhone");
    let again = Ask { method: "POST", path: "/api/doctor/tickets", headers: &headers, body: "" };
    assert_eq!(ask(&server, again).await.0, 401);
}

#[tokio::test]
async fn a_report_that_is_no_report_is_refused_in_words() {
    let server = closed().await;
    let headers = stranger_with(&ticket(&server).await.ticket);
    let long = "x".repeat(81);
    let results = vec![r#"{"path":"udp4","state":"works","ms":1}"#; 17].join(",");
    for body in [
        String::new(),
        "{}".into(),
        format!(r#"{{"device":"{long}","origin":"y","clockAheadMs":0,"results":[]}}"#),
        r#"{"device":"\u001b[31m","origin":"y","clockAheadMs":0,"results":[]}"#.into(),
        r#"{"device":"x","origin":"y","clockAheadMs":0,"results":[{"path":"smoke","state":"works","ms":1}]}"#.into(),
        format!(r#"{{"device":"x","origin":"y","clockAheadMs":0,"results":[{results}]}}"#),
    ] {
        let post = Ask { method: "POST", path: "/api/doctor/devices", headers: &headers, body: &body };
        let (status, answer) = ask(&server, post).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(answer.contains("bad_field"), "{answer}");
    }
    let huge = "x".repeat(9 * 1024);
    let post = Ask { method: "POST", path: "/api/doctor/devices", headers: &headers, body: &huge };
    let (status, answer) = ask(&server, post).await;
    assert!(status == 413 && answer.contains("too_large"), "{status} {answer}");
}
