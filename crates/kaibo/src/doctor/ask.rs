//! Asks the server that runs on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use protocol::{DoctorReport, DoctorTicket, ErrorBody};
use serde::de::DeserializeOwned;
use server::Config;
use url::Url;

use crate::own_server::{Answer, Request, ask, is_here, reachable};

/// The longest wait for each part of an answer: a look at the machine takes seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The longest wait for a sign that a server lives there.
const ALIVE_WITHIN: Duration = Duration::from_secs(3);

/// What is asked.
#[derive(Debug, Clone, Copy)]
struct Question<'a> {
    method: &'static str,
    path: &'a str,
    secret: Option<&'a str>,
    within: Duration,
}

impl<'a> Question<'a> {
    fn get(path: &'a str) -> Self {
        Self { method: "GET", path, secret: None, within: ANSWER_WITHIN }
    }
}

/// The server of these settings, if it runs.
#[derive(Debug)]
pub(super) struct OwnServer {
    at: SocketAddr,
    /// The name by which it knows its own machine.
    host: String,
    key: Option<String>,
}

impl OwnServer {
    pub(super) fn of(config: &Config) -> Self {
        let at = reachable(config.listen);
        // A server knows its own machine by a loopback name.
        let host = if at.ip().is_loopback() { "localhost".into() } else { at.ip().to_string() };
        let key = config.publish.key.as_ref().map(|key| key.0.clone());
        // The settings may be another machine's.
        let key = key.filter(|_| is_here(at.ip()));
        Self { at, host, key }
    }

    /// Where it listens.
    pub(super) fn at(&self) -> SocketAddr {
        self.at
    }

    /// What it knows; `None` when it does not run.
    pub(super) fn report(&self) -> anyhow::Result<Option<DoctorReport>> {
        // Another program may have the port, and say nothing.
        if self.ask(Question { within: ALIVE_WITHIN, ..Question::get("/healthz") })?.is_none() {
            return Ok(None);
        }
        let Some(answer) =
            self.ask(Question { secret: self.key.as_deref(), ..Question::get("/api/doctor") })?
        else {
            return Ok(None);
        };
        self.read(&answer).map(Some)
    }

    /// What it knows, for a ticket.
    pub(super) fn report_for(&self, ticket: &str) -> anyhow::Result<DoctorReport> {
        let answer = self.ask(Question { secret: Some(ticket), ..Question::get("/api/doctor") })?;
        self.read(&answer.context("the server has stopped")?)
    }

    /// A ticket for a device.
    pub(super) fn ticket(&self) -> anyhow::Result<DoctorTicket> {
        let answer = self.ask(Question {
            method: "POST",
            secret: self.key.as_deref(),
            ..Question::get("/api/doctor/tickets")
        })?;
        let answer = answer.with_context(|| {
            format!("no server runs at {}; start it first, with the same settings", self.at)
        })?;
        self.read(&answer)
    }

    /// The answer; `None` when nobody listens there, or something else than a server.
    fn ask(&self, question: Question<'_>) -> anyhow::Result<Option<Answer>> {
        let Question { method, path, secret, within } = question;
        let port = self.at.port();
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        for scheme in ["http", "https"] {
            let url = Url::parse(&format!("{scheme}://{host}:{port}{path}"))?;
            let (body, is_verified) = (None, false);
            let request = Request { method, url: &url, secret, body, is_verified, within };
            match ask(&request) {
                // Where another address than loopback has HTTPS.
                Ok(answer) if answer.status == 403 && scheme == "http" && !is_refusal(&answer) => {}
                Ok(answer) => return Ok(Some(answer)),
                Err(_) if scheme == "http" => {}
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> anyhow::Result<T> {
        match answer.status {
            200 => serde_json::from_slice(&answer.body).with_context(|| {
                format!("{} answers in words that this version does not know", self.at)
            }),
            401 | 403 => bail!(
                "the server at {} asks for the publishing key: set KAIBO_PUBLISH_KEY (it says: {})",
                self.at,
                message(answer)
            ),
            404 | 405 => bail!("at {} is another program, or an older Kaibo", self.at),
            status => bail!("the server at {} answers {status}: {}", self.at, message(answer)),
        }
    }
}

/// Whether the server refuses who asks, and not the way they ask.
fn is_refusal(answer: &Answer) -> bool {
    let body = serde_json::from_slice::<ErrorBody>(&answer.body);
    body.is_ok_and(|it| it.code != protocol::ErrorCode::HttpsRequired)
}

fn message(answer: &Answer) -> String {
    serde_json::from_slice::<ErrorBody>(&answer.body)
        .map_or_else(|_| "no reason".into(), |it| it.message)
}
