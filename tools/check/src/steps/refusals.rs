//! Offers that a server must refuse. Whatever it answers, the next good offer must work.

use hyper::{Method, StatusCode};
use sdp::{Direction, Section};

use super::Check;
use crate::catalog::Protocol;
use crate::description;
use crate::http::{Ask, Reply};
use crate::offers;
use crate::rule::Rule;
use crate::session::{self, SDP, Session};

impl Check<'_> {
    pub(super) async fn refusals(&self) {
        self.step("bad offers");
        let Ok((_, offer)) = session::draft(&self.clients, self.protocol, self.local_ip) else {
            return;
        };
        let post = || Ask::new(Method::POST, &self.uri);
        self.refuse(Rule::WrongType, post().body("text/plain", offer.clone())).await;
        for body in ["", "this is no session description", "{\"type\":\"offer\",\"sdp\":\"v=0\"}"] {
            self.refuse(Rule::Malformed, post().body(SDP, body)).await;
        }
        self.refuse(Rule::Malformed, post().body(SDP, vec![0xFF; 300])).await;
        self.refuse(Rule::Truncated, post().body(SDP, offers::truncated(&offer))).await;
        self.refuse(Rule::Huge, post().body(SDP, offers::huge(&offer))).await;
        if self.protocol == Protocol::Whip {
            self.too_many_tracks().await;
            self.unknown_codec().await;
            self.active().await;
        }
    }

    /// What is bad of itself: any 4xx will do, clients may not look closer (RFC 9725, section 4.1).
    async fn refuse(&self, rule: Rule, ask: Ask) {
        let Some(reply) = self.http.follow(ask).await.pop() else { return };
        let reason = || format!("it was answered with {}", reply.told());
        self.verdicts.judge(rule, reply.is_client_error(), reason, &[&reply]);
        session::discard(&self.http, &reply).await;
    }

    async fn too_many_tracks(&self) {
        let Some(reply) = self.post_changed(Rule::TooManyTracks, offers::doubled).await else {
            return;
        };
        let rule = Rule::TooManyTracks;
        if is_400_or_422(&reply) {
            self.verdicts.pass(rule, &[&reply]);
        } else if reply.is_success() {
            let answer = description::parse(reply.body());
            let sections = answer.map(|it| it.sections).unwrap_or_default();
            let taken = |it: &Section<'_>| it.port != 0 && it.direction() == Direction::RecvOnly;
            if sections.len() > 2 && sections.iter().all(taken) {
                self.verdicts.skip(rule, "the endpoint takes two tracks of a kind");
            } else {
                let reason = "it was accepted in part";
                self.verdicts.fail(rule, reason, &[&reply]);
            }
        } else {
            self.verdicts.fail(rule, format!("it was answered with {}", reply.told()), &[&reply]);
        }
        session::discard(&self.http, &reply).await;
    }

    async fn unknown_codec(&self) {
        let Some(reply) = self.post_changed(Rule::NoPartial, offers::unknown_codec).await else {
            return;
        };
        let reason = || format!("it was answered with {}", reply.told());
        self.verdicts.judge(Rule::NoPartial, is_400_or_422(&reply), reason, &[&reply]);
        session::discard(&self.http, &reply).await;
    }

    async fn active(&self) {
        let Some(reply) = self.post_changed(Rule::SetupActive, offers::active).await else {
            return;
        };
        let rule = Rule::SetupActive;
        if reply.is_success() {
            let answer = description::parse(reply.body()).ok();
            let setup = answer.and_then(|it| it.anywhere("setup")).unwrap_or_default();
            let reason = || format!("it was accepted with setup:{setup}");
            self.verdicts.judge(rule, setup == "passive", reason, &[&reply]);
        } else {
            let reason = || format!("it was answered with {}", reply.told());
            self.verdicts.judge(rule, is_400_or_422(&reply), reason, &[&reply]);
        }
        session::discard(&self.http, &reply).await;
    }

    /// Posts a good offer with a change.
    async fn post_changed(&self, rule: Rule, change: fn(&str) -> String) -> Option<Reply> {
        let drafted = session::draft(&self.clients, self.protocol, self.local_ip);
        let (_, offer) = drafted.ok()?;
        let posted = session::post(&self.http, &self.uri, change(&offer)).await;
        self.note(&posted);
        if let Ok(session) = Session::of_answer(&posted) {
            self.note_session(&session);
        }
        let reply = posted.reply();
        if reply.is_refused() {
            // It was not looked at: see --token.
            let reason = format!("offers are answered with {}", reply.told());
            self.verdicts.skip(rule, reason);
            return None;
        }
        Some(reply.clone())
    }
}

fn is_400_or_422(reply: &Reply) -> bool {
    reply.is(StatusCode::BAD_REQUEST) || reply.is(StatusCode::UNPROCESSABLE_ENTITY)
}
