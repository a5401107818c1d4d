//! Bearer tokens (RFC 6750): none, a wrong one, and whether sessions are protected like their endpoint.

use hyper::header::WWW_AUTHENTICATE;
use hyper::{Method, StatusCode};

use super::Check;
use crate::http::{Ask, Reply};
use crate::rule::Rule;
use crate::session::{self, SDP, Session};

const WRONG: &str = "kaibo-check-wrong-token";
const RULES: [Rule; 4] =
    [Rule::TokenMissing, Rule::TokenWrong, Rule::TokenChallenge, Rule::TokenSession];

impl Check<'_> {
    pub(super) async fn tokens(&self) {
        if !self.http.has_token() {
            return RULES.iter().for_each(|it| self.verdicts.skip(*it, "there is no token"));
        }
        self.step("tokens");
        let drafted = session::draft(&self.clients, self.protocol, self.local_ip);
        let Ok((_, offer)) = drafted else { return };
        let post = || Ask::new(Method::POST, &self.uri).body(SDP, offer.clone());
        let Some(missing) = self.http.follow(post().without_token()).await.pop() else { return };
        if missing.is_success() {
            session::discard(&self.http, &missing).await;
            let reason = "the endpoint lets in whoever has no token";
            return RULES.iter().for_each(|it| self.verdicts.skip(*it, reason));
        }
        let Some(wrong) = self.http.follow(post().with_token(WRONG)).await.pop() else { return };
        for (rule, reply) in [(Rule::TokenMissing, &missing), (Rule::TokenWrong, &wrong)] {
            let reason = || format!("it was answered with {}", reply.told());
            self.verdicts.judge(rule, reply.is_refused(), reason, &[reply]);
            self.challenge(reply);
        }
        session::discard(&self.http, &wrong).await;
        self.session_tokens(offer).await;
    }

    fn challenge(&self, reply: &Reply) {
        if !reply.is(StatusCode::UNAUTHORIZED) {
            return self.verdicts.skip(Rule::TokenChallenge, "nothing is answered with 401");
        }
        let schemes = reply.headers(&WWW_AUTHENTICATE).join(",");
        let has = schemes.split([' ', ',']).any(|it| it.eq_ignore_ascii_case("bearer"));
        let reason = || format!("WWW-Authenticate: {schemes:?}");
        self.verdicts.judge(Rule::TokenChallenge, has, reason, &[reply]);
    }

    /// A session may do without: its URL is a secret (RFC 9725, section 4.7.1). What it refuses,
    /// however, may not harm it.
    async fn session_tokens(&self, offer: String) {
        let rule = Rule::TokenSession;
        let posted = session::post(&self.http, &self.uri, offer).await;
        self.note(&posted);
        let Ok(session) = Session::of_answer(&posted) else {
            session::discard(&self.http, posted.reply()).await;
            return self.verdicts.skip(rule, "no session came about");
        };
        self.note_session(&session);
        let patch = session.patch(session.fragment(), session.etag.as_deref());
        let patch = self.http.send(patch.without_token()).await;
        let delete = Ask::new(Method::DELETE, &session.uri).without_token();
        let delete = self.http.send(delete).await;
        let get = self.http.send(Ask::new(Method::GET, &session.uri)).await;
        let gone = get.is(StatusCode::NOT_FOUND) || get.is(StatusCode::GONE);
        let evidence = [&patch, &delete, &get];
        if delete.is_success() {
            self.verdicts.skip(rule, "whoever knows the session's URL may end it");
        } else if gone {
            self.verdicts.fail(rule, "the session is gone", &evidence);
        } else {
            let reason = || format!("DELETE was answered with {}", delete.told());
            self.verdicts.judge(rule, delete.is_refused(), reason, &evidence);
        }
        session.end(&self.http).await;
    }
}
