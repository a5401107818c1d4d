//! Asks a server for what only its operator may.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde_json::Value;
use server::Config;
use url::Url;

use crate::own_server::{Request, ask, is_here, reachable};

/// The longest wait for each part of an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Which server is asked.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The server, as https://live.example.com [default: the one on this machine that the environment and the
    /// configuration file describe].
    #[arg(long, global = true, value_name = "URL", env = "KAIBO_SERVER")]
    server: Option<String>,
    /// Its publishing key; the server's own machine needs none.
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "KAIBO_PUBLISH_KEY",
        hide_env_values = true
    )]
    key: Option<String>,
    /// Prints the answer as JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// A server that is asked.
#[derive(Debug)]
pub(crate) struct Api {
    base: Url,
    key: Option<String>,
    /// Whether it is another machine's, whose certificate has to be good.
    is_remote: bool,
    pub(super) is_json: bool,
}

impl Api {
    pub(super) fn new(
        target: &Target,
        settings: impl FnOnce() -> anyhow::Result<Config>,
    ) -> anyhow::Result<Self> {
        let key = target.key.clone().filter(|key| !key.is_empty());
        let is_json = target.json;
        let Some(text) = target.server.as_deref().filter(|it| !it.is_empty()) else {
            let config = settings()?;
            let at = reachable(config.listen);
            // A server knows its own machine by a loopback name, and speaks plain HTTP with it.
            let host = if at.ip().is_loopback() { "localhost".into() } else { at.ip().to_string() };
            let base = Url::parse(&format!("http://{host}:{}/", at.port()))?;
            let own_key = config.publish.key.map(|key| key.0).filter(|_| is_here(at.ip()));
            return Ok(Self { base, key: key.or(own_key), is_remote: false, is_json });
        };
        let base = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let mut base = base.ok_or_else(|| {
            anyhow!("{text:?} is not a URL; write it as https://live.example.com")
        })?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(Self { base, key, is_remote: true, is_json })
    }

    /// The address of the server's pages.
    pub(super) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }

    pub(super) fn get(&self, path: &[&str]) -> anyhow::Result<Value> {
        self.call("GET", path, None)
    }

    /// One page of a list.
    pub(super) fn page_of(&self, path: &[&str], cursor: Option<&str>) -> anyhow::Result<Value> {
        let mut url = self.url(path)?;
        url.query_pairs_mut().append_pair("limit", "200");
        if let Some(cursor) = cursor {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        self.ask("GET", &url, None)
    }

    /// Asks; the answer, null when it has no body.
    pub(super) fn call(
        &self,
        method: &'static str,
        path: &[&str],
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        self.ask(method, &self.url(path)?, body)
    }

    fn url(&self, path: &[&str]) -> anyhow::Result<Url> {
        let mut url = self.base.join("api/v1/")?;
        let mut segments = url.path_segments_mut().map_err(|()| anyhow!("the URL has no path"))?;
        segments.pop_if_empty().extend(path);
        drop(segments);
        Ok(url)
    }

    fn ask(&self, method: &'static str, url: &Url, body: Option<&Value>) -> anyhow::Result<Value> {
        let body = body.map(Value::to_string);
        let request = Request {
            method,
            url,
            secret: self.key.as_deref(),
            body: body.as_deref(),
            is_verified: self.is_remote,
            within: ANSWER_WITHIN,
        };
        let server = self.base.as_str();
        let answer = ask(&request).with_context(|| {
            format!("no server answers at {server}; start it, or name another with --server")
        })?;
        let read: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        if (200..300).contains(&answer.status) {
            return Ok(read);
        }
        let says = read["detail"].as_str().or(read["message"].as_str()).unwrap_or("nothing more");
        if answer.status == 401 {
            bail!(
                "{server} asks for its publishing key: set KAIBO_PUBLISH_KEY, or run this on its own machine (it \
                 says: {says})"
            );
        }
        bail!("{server} answers {}: {says}", answer.status)
    }
}
