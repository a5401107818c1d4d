//! ICE restarts: one that must work, and one that must fail.

use hyper::header::ETAG;
use hyper::{Method, StatusCode};
use sdp::Fragment;
use synth::client::Credentials;

use super::Check;
use super::trickle::is_unsupported;
use crate::description;
use crate::fragment;
use crate::http::{Ask, Reply};
use crate::rule::Rule;
use crate::session::Session;

/// All that is asked of a restart that works.
const RULES: [Rule; 6] = [
    Rule::Restart,
    Rule::RestartAnswer,
    Rule::RestartType,
    Rule::RestartEtag,
    Rule::RestartOldTag,
    Rule::RestartAttributes,
];

impl Check<'_> {
    /// Restarts ICE as a client does whose network changed. `trickled` is what candidates alone were
    /// answered with.
    pub(super) async fn restart(&self, session: &mut Session, trickled: Option<&Reply>) {
        self.step("ICE restart");
        let offered = match &session.client {
            Some(client) => client.offer_restart().await,
            None => None,
        };
        let Some(ours) = offered else {
            self.judge_tag(session, trickled.is_some_and(Reply::is_success));
            RULES.iter().for_each(|it| self.verdicts.skip(*it, "there is no media to go on"));
            return;
        };
        let body = fragment::write(&session.ours(), &ours);
        let reply = self.http.send(session.patch(body, Some("*"))).await;
        let supports = reply.is_success();
        self.one_of_two(trickled, &reply);
        self.judge_tag(session, supports || trickled.is_some_and(Reply::is_success));
        if is_unsupported(&reply) {
            let reason = format!("it is not supported ({})", reply.told());
            RULES.iter().for_each(|it| self.verdicts.skip(*it, reason.clone()));
            return self.verdicts.skip(Rule::RestartMedia, reason);
        }
        self.verdicts.pass(Rule::Restart, &[&reply]);
        let theirs = self.judge_restart(session, &reply);
        if supports {
            self.new_tag(session, &ours, &reply).await;
        }
        match theirs {
            Some(theirs) => self.go_on(session, &theirs, &reply).await,
            None => {
                self.verdicts.skip(Rule::RestartMedia, "the server's credentials did not come");
                if supports {
                    // It began again, we cannot: media is not to be judged any more.
                    session.client = None;
                }
            }
        }
    }

    fn judge_restart(&self, session: &Session, reply: &Reply) -> Option<Credentials> {
        let answer = Fragment::parse(reply.body()).ok();
        let theirs = answer.as_ref().and_then(fragment::credentials_of_answer);
        let before = session.theirs();
        let old = fragment::credentials(&before);
        let is_new = match (&theirs, &old) {
            (Some(new), Some(old)) => new.ufrag != old.ufrag && new.pwd != old.pwd,
            _ => false,
        };
        let reason = || {
            if !reply.is(StatusCode::OK) {
                format!("it was answered with {}", reply.told())
            } else if theirs.is_none() {
                "there are no credentials in it".to_owned()
            } else {
                "the credentials are the same as before".to_owned()
            }
        };
        let fits = reply.is(StatusCode::OK) && is_new;
        self.verdicts.judge(Rule::RestartAnswer, fits, reason, &[reply]);
        if !reply.is_success() {
            return None;
        }
        let kind = reply.content_type().unwrap_or_default();
        let reason = || format!("Content-Type: {kind:?}");
        self.verdicts.judge(Rule::RestartType, kind == fragment::TYPE, reason, &[reply]);
        let differs = |name: &&str| {
            let words = |value: &str| {
                let mut words: Vec<&str> = value.split_ascii_whitespace().collect();
                words.sort_unstable();
                words.join(" ")
            };
            let now = answer.as_ref().and_then(|it| it.anywhere(name));
            now.map(words) != before.anywhere(name).map(words)
        };
        let wrong = ["ice-lite", "ice-options", "ice-pacing"].into_iter().find(|it| differs(it));
        let reason = || format!("{} is not the same", wrong.unwrap_or_default());
        self.verdicts.judge(
            Rule::RestartAttributes,
            wrong.is_none(),
            reason,
            &[&session.created, reply],
        );
        theirs.filter(|_| fits)
    }

    /// The entity-tag follows the ICE session.
    async fn new_tag(&self, session: &mut Session, ours: &Credentials, reply: &Reply) {
        let rule = Rule::RestartEtag;
        let Some(new) = reply.header(&ETAG).map(ToOwned::to_owned) else {
            self.verdicts.fail(rule, "there is no ETag", &[reply]);
            return self.verdicts.skip(Rule::RestartOldTag, "there is no new entity-tag");
        };
        let Some(old) = session.etag.replace(new.clone()) else {
            self.verdicts.judge(rule, is_strong(&new), || format!("ETag: {new}"), &[reply]);
            return self.verdicts.skip(Rule::RestartOldTag, "there was no entity-tag before");
        };
        let is_new = old != new;
        let reason = || format!("ETag: {new}, and {old} before");
        self.verdicts.judge(rule, is_new && is_strong(&new), reason, &[&session.created, reply]);
        if !is_new {
            return self.verdicts.skip(Rule::RestartOldTag, "there is no new entity-tag");
        }
        let fragment = || fragment::write(&session.ours(), ours);
        let stale = self.http.send(session.patch(fragment(), Some(&old))).await;
        let reason = || format!("it was answered with {}", stale.told());
        let fits = stale.is(StatusCode::PRECONDITION_FAILED);
        self.verdicts.judge(Rule::RestartOldTag, fits, reason, &[&stale]);
        let fresh = self.http.send(session.patch(fragment(), Some(&new))).await;
        let holds = !fresh.is(StatusCode::PRECONDITION_FAILED)
            && !fresh.is(StatusCode::PRECONDITION_REQUIRED);
        let reason = || format!("the new entity-tag was answered with {}", fresh.told());
        self.verdicts.judge(rule, holds, reason, &[reply, &fresh]);
    }

    async fn go_on(&self, session: &mut Session, theirs: &Credentials, reply: &Reply) {
        let rule = Rule::RestartMedia;
        let Some(client) = &mut session.client else { return };
        if let Err(error) = client.accept_restart(theirs).await {
            return self.verdicts.fail(
                rule,
                format!("the answer cannot be used: {error}"),
                &[reply],
            );
        }
        if !client.wait_for(self.options.patience, |it| it.is_proven).await {
            let over = client.state().over;
            let reason =
                over.unwrap_or_else(|| "no check with the new ones is answered".to_owned());
            self.verdicts.fail(rule, reason, &[reply]);
            // Both sides are of different minds: what comes later would fail for it as well.
            session.client = None;
            return;
        }
        match self.goes_on(session).await {
            Ok(()) => self.verdicts.pass(rule, &[reply]),
            Err(reason) => {
                self.verdicts.fail(rule, reason, &[reply]);
                session.client = None;
            }
        }
    }

    /// With credentials shorter than any may be (RFC 8839, section 5.4). Returns whether there is a
    /// session still.
    pub(super) async fn failing_restart(&self, session: &mut Session) -> bool {
        self.step("an ICE restart that fails");
        let (ufrag, pwd) = ("x".to_owned(), "short".to_owned());
        let short =
            Credentials { ufrag, pwd, candidates: description::candidates(&session.ours()) };
        let body = fragment::write(&session.ours(), &short);
        let reply = self.http.send(session.patch(body, Some("*"))).await;
        let is_error =
            reply.status().is_some_and(|it| it.is_client_error() || it.is_server_error());
        let reason = || format!("it was answered with {}", reply.told());
        self.verdicts.judge(Rule::RestartFails, is_error, reason, &[&reply]);
        let rule = Rule::RestartFailsGently;
        if !is_error {
            self.verdicts.skip(rule, "it did not fail");
            return true;
        }
        let get = self.http.send(Ask::new(Method::GET, &session.uri)).await;
        if get.is(StatusCode::NOT_FOUND) || get.is(StatusCode::GONE) {
            let reason = format!("the session is answered with {}", get.told());
            self.verdicts.fail(rule, reason, &[&reply, &get]);
            return false;
        }
        let goes_on = match &session.client {
            Some(_) => self.goes_on(session).await,
            None => Ok(()),
        };
        let reason = || goes_on.clone().err().unwrap_or_default();
        self.verdicts.judge(rule, goes_on.is_ok(), reason, &[&reply, &get]);
        true
    }

    fn one_of_two(&self, trickled: Option<&Reply>, restarted: &Reply) {
        let Some(trickled) = trickled else { return };
        let rule = Rule::OneOfTwo;
        let (one, other) = match (trickled.is_success(), restarted.is_success()) {
            (true, false) => (trickled, restarted),
            (false, true) => (restarted, trickled),
            (true, true) => return self.verdicts.skip(rule, "both are supported"),
            (false, false) => return self.verdicts.skip(rule, "neither is supported"),
        };
        if !is_unsupported(other) {
            return self.verdicts.skip(rule, "the other one fails, but as if it were supported");
        }
        let fits = other.is(StatusCode::UNPROCESSABLE_ENTITY);
        let reason = || format!("it was answered with {}", other.told());
        self.verdicts.judge(rule, fits, reason, &[one, other]);
    }

    /// A session that takes a PATCH needs an entity-tag from the beginning.
    pub(super) fn judge_tag(&self, session: &Session, is_patchable: bool) {
        let rule = Rule::CreatedEtag;
        let created = &session.created;
        match created.header(&ETAG) {
            Some(tag) => {
                let reason = || format!("ETag: {tag}");
                self.verdicts.judge(rule, is_strong(tag), reason, &[created]);
            }
            None if is_patchable => self.verdicts.fail(rule, "there is no ETag", &[created]),
            None => self.verdicts.skip(rule, "neither trickle ICE nor ICE restart is supported"),
        }
    }
}

/// A strong entity-tag (RFC 9110, section 8.8.3).
fn is_strong(tag: &str) -> bool {
    let inside = tag.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    inside.is_some_and(|it| !it.is_empty() && !it.contains('"'))
}
