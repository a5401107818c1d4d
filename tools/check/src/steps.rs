//! The steps of a check, in the order of a client's life.

mod counter_offer;
mod created;
mod end;
mod endpoint;
mod events;
mod layers;
mod media;
mod refusals;
mod restart;
mod tokens;
mod trickle;
mod whep;
mod whip;

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use hyper::Method;
use hyper::Uri;
use synth::client::Clients;

use crate::catalog::Protocol;
use crate::error::CheckError;
use crate::http::{self, Ask, Http, Reply};
use crate::options::{Options, endpoint};
use crate::progress::Progress;
use crate::report::Report;
use crate::rule::Rule;
use crate::session::{Posted, Session};
use crate::verdicts::{End, Verdicts};

/// Checks a server; `tell` hears how it goes. Never takes longer than [`Options::time_limit`].
///
/// # Errors
/// When nothing could be checked: a bad address, or nobody there.
pub fn run(options: &Options, tell: impl Fn(&Progress) + Sync) -> Result<Report, CheckError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|it| CheckError::System(it.to_string()))?;
    let result = runtime.block_on(check(options, &tell));
    // A lookup of a name may still hang.
    runtime.shutdown_background();
    result
}

/// As [`run`], in a runtime of the caller.
///
/// # Errors
/// As of [`run`].
pub async fn check(
    options: &Options,
    tell: &(dyn Fn(&Progress) + Sync),
) -> Result<Report, CheckError> {
    let uri = endpoint(&options.url)?;
    let publish = options.publish.as_deref().map(endpoint).transpose()?;
    let protocol = options.protocol;
    let unreachable = |url: &str, error: String| CheckError::Unreachable {
        url: shown(url, options.token.as_deref()),
        error,
    };
    let http = Http::new(options.token.as_deref(), options.patience);
    let lookup = tokio::time::timeout(options.patience, http::local_ip(&uri)).await;
    let local_ip = lookup.unwrap_or_else(|_| Err("nothing in time".to_owned()));
    let local_ip = local_ip.map_err(|it| unreachable(&options.url, it))?;
    let first = http.send(Ask::new(Method::GET, &uri)).await;
    if first.is_unreachable || first.response.is_none() {
        let error = first.exchange.error.clone().unwrap_or_default();
        return Err(unreachable(&options.url, error));
    }
    let check = Check {
        options,
        protocol,
        uri,
        http,
        verdicts: Verdicts::new(),
        clients: Clients::new(options.codec),
        local_ip,
        tell,
        posts: Mutex::default(),
        is_cut_short: AtomicBool::new(false),
        sessions: Mutex::default(),
    };
    let steps = async {
        match protocol {
            Protocol::Whip => check.whip().await,
            Protocol::Whep => check.whep(publish.as_ref()).await,
        }
        check.judge_posts();
        check.judge_sessions();
    };
    let in_time = tokio::time::timeout(options.time_limit, steps).await.is_ok();
    let url = shown(&options.url, options.token.as_deref());
    let end = match (in_time, check.is_cut_short.into_inner()) {
        (false, _) => End::OutOfTime,
        (true, true) => End::CutShort,
        (true, false) => End::Whole,
    };
    Ok(check.verdicts.close(protocol, url, end))
}

/// An address without secrets.
fn shown(url: &str, token: Option<&str>) -> String {
    let token = token.filter(|it| !it.is_empty());
    let url = token.map_or_else(|| url.to_owned(), |it| url.replace(it, "[hidden]"));
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..].find(['/', '?']).map_or(url.len(), |at| authority + at);
    match url[authority..end].rfind('@') {
        Some(at) => format!("{}{}", &url[..authority], &url[authority + at + 1..]),
        None => url,
    }
}

/// A check under way.
struct Check<'a> {
    options: &'a Options,
    protocol: Protocol,
    uri: Uri,
    http: Http,
    verdicts: Verdicts,
    clients: Clients,
    local_ip: IpAddr,
    tell: &'a (dyn Fn(&Progress) + Sync),
    /// All answers to offers, for what holds of every one.
    posts: Mutex<Vec<Reply>>,
    /// There was nothing to go on with.
    is_cut_short: AtomicBool,
    /// The URLs of all sessions, with what named them.
    sessions: Mutex<Vec<(Uri, Reply)>>,
}

impl Check<'_> {
    /// Of a page that is not the server's.
    fn origin(&self) -> &str {
        self.options.origin.as_deref().unwrap_or("https://kaibo-check.example")
    }

    /// Tells what comes now.
    fn step(&self, step: &'static str) {
        let (judged, failed) = self.verdicts.counts();
        let of = self.protocol.clauses().count();
        (self.tell)(&Progress { step, judged, of, failed });
    }

    /// Notes what holds of all offers and sessions.
    fn note(&self, posted: &Posted) {
        let lock =
            |it: std::sync::LockResult<_>| it.unwrap_or_else(std::sync::PoisonError::into_inner);
        lock(self.posts.lock()).extend(posted.replies.iter().cloned());
    }

    fn note_session(&self, session: &Session) {
        let mut sessions = self.sessions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sessions.push((session.uri.clone(), session.created.clone()));
    }

    /// Whatever came of it, no POST may be answered as if it were a GET.
    fn judge_posts(&self) {
        let posts = self.posts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let moved = |it: &&Reply| it.status().is_some_and(|it| matches!(it.as_u16(), 301 | 302));
        match posts.iter().find(moved) {
            Some(it) => {
                self.verdicts.fail(Rule::NoRedirect, format!("it was {}", it.told()), &[it])
            }
            None => {
                let redirected =
                    posts.iter().find(|it| it.is(hyper::StatusCode::TEMPORARY_REDIRECT));
                let evidence: Vec<&Reply> = redirected.or(posts.first()).into_iter().collect();
                self.verdicts.pass(Rule::NoRedirect, &evidence);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn addresses_are_shown_without_secrets() {
        let url = "https://me:pw@example.com/whip/a@b?key=tok";
        assert_eq!(shown(url, Some("tok")), "https://example.com/whip/a@b?key=[hidden]");
        assert_eq!(shown("http://[::1]:3000", None), "http://[::1]:3000");
    }
}
