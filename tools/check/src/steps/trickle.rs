//! Trickle ICE: a PATCH with candidates, good and bad.

use hyper::header::{ETAG, IF_MATCH};
use hyper::{Method, StatusCode};
use synth::client::Credentials;

use super::Check;
use crate::fragment;
use crate::http::{Ask, Reply};
use crate::rule::Rule;
use crate::session::Session;

/// What no server can use: a transport, a name, an address and a line that make no sense.
const BOGUS: [&str; 4] = [
    "candidate:7 1 carrier-pigeon 1 192.0.2.1 4000 typ host",
    "candidate:8 1 udp 1 no-such-host.invalid 4000 typ host",
    "candidate:9 1 udp 1 255.255.255.255 4000 typ host",
    "candidate:10 1 tcp 1 192.0.2.1 9 typ host tcptype passive",
];

/// Not that of any server.
pub(super) const FOREIGN_TAG: &str = "\"kaibo-check-no-such-tag\"";

/// How a server says that it does not do such a thing.
pub(super) fn is_unsupported(reply: &Reply) -> bool {
    matches!(reply.status().map(|it| it.as_u16()), Some(405 | 422 | 501))
}

impl Check<'_> {
    /// Returns whether the session takes candidates.
    pub(super) async fn trickle(&self, session: &Session) -> Option<Reply> {
        self.step("trickle ICE");
        let tag = session.etag.as_deref();
        let good = self.http.send(session.patch(session.fragment(), tag)).await;
        let is_supported = !is_unsupported(&good);
        let rules = [
            Rule::Trickle,
            Rule::TrickleAnswer,
            Rule::TrickleNoEtag,
            Rule::BogusCandidate,
            Rule::PatchStaleTag,
        ];
        if is_supported {
            self.verdicts.pass(Rule::Trickle, &[&good]);
            self.judge_trickle(&good);
            self.bogus(session).await;
            self.tags(session).await;
        } else {
            let reason = format!("it is not supported ({})", good.told());
            rules.iter().for_each(|it| self.verdicts.skip(*it, reason.clone()));
        }
        self.bad_patches(session).await;
        Some(good)
    }

    pub(super) fn judge_trickle(&self, reply: &Reply) {
        let fits = reply.is(StatusCode::NO_CONTENT) && reply.body().is_empty();
        let reason = || format!("it was answered with {}", reply.told());
        self.verdicts.judge(Rule::TrickleAnswer, fits, reason, &[reply]);
        if reply.is_success() {
            let no_tag = reply.header(&ETAG).is_none();
            let reason = || "there is an ETag".to_owned();
            self.verdicts.judge(Rule::TrickleNoEtag, no_tag, reason, &[reply]);
        }
    }

    async fn bogus(&self, session: &Session) {
        let Some(own) = fragment::credentials(&session.ours()) else { return };
        for bogus in BOGUS {
            let mut candidates = vec![bogus.to_owned()];
            candidates.extend(own.candidates.iter().cloned());
            let credentials = Credentials { candidates, ..own.clone() };
            let body = fragment::write(&session.ours(), &credentials);
            let reply = self.http.send(session.patch(body, session.etag.as_deref())).await;
            let reason = || format!("a={bogus} was answered with {}", reply.told());
            let fits = reply.is(StatusCode::NO_CONTENT);
            self.verdicts.judge(Rule::BogusCandidate, fits, reason, &[&reply]);
        }
    }

    /// Entity-tags (RFC 9110, section 13.1.1).
    async fn tags(&self, session: &Session) {
        let rule = Rule::PatchStaleTag;
        if session.etag.is_none() {
            return self.verdicts.skip(rule, "the session has no entity-tag");
        }
        let reply = self.http.send(session.patch(session.fragment(), Some(FOREIGN_TAG))).await;
        let reason = || format!("it was answered with {}", reply.told());
        self.verdicts.judge(rule, reply.is(StatusCode::PRECONDITION_FAILED), reason, &[&reply]);
    }

    /// A PATCH without If-Match (RFC 6585, section 3), at the end of a session: one that is taken may restart ICE.
    /// Candidates alone may be taken, as many servers do: they harm no other ICE session.
    pub(super) async fn without_tag(&self, session: &Session) {
        let rule = Rule::PatchWithoutTag;
        if session.created.headers(&ETAG).is_empty() {
            return self.verdicts.skip(rule, "the session has no entity-tag");
        }
        let tag = session.etag.as_deref();
        let good = self.http.send(session.patch(session.fragment(), tag)).await;
        if !good.is_success() {
            let reason = format!("it takes no candidates any more ({})", good.told());
            return self.verdicts.skip(rule, reason);
        }
        let mut reply = self.http.send(session.patch(session.fragment(), None)).await;
        if reply.is_success() {
            let other = Credentials {
                ufrag: "kaiboCheck".into(),
                pwd: "anotherSessionsPassword0".into(),
                candidates: Vec::new(),
            };
            let restart = fragment::write(&session.ours(), &other);
            reply = self.http.send(session.patch(restart, None)).await;
        }
        let reason = || format!("it was answered with {}", reply.told());
        self.verdicts.judge(rule, reply.is(StatusCode::PRECONDITION_REQUIRED), reason, &[&reply]);
    }

    async fn bad_patches(&self, session: &Session) {
        let patch = |kind: &str, body: String| {
            let ask = Ask::new(Method::PATCH, &session.uri).body(kind, body);
            match &session.etag {
                Some(tag) => ask.header(IF_MATCH, tag.clone()),
                None => ask,
            }
        };
        let wrong = self.http.send(patch("text/plain", session.fragment())).await;
        let reason = || format!("it was answered with {}", wrong.told());
        self.verdicts.judge(Rule::PatchWrongType, wrong.is_client_error(), reason, &[&wrong]);
        let half: String = session.fragment().chars().take(30).collect();
        for body in ["no fragment".to_owned(), String::new(), half] {
            let bad = self.http.send(patch(fragment::TYPE, body)).await;
            let reason = || format!("it was answered with {}", bad.told());
            self.verdicts.judge(Rule::PatchMalformed, bad.is_client_error(), reason, &[&bad]);
        }
    }
}
