//! The server's own offer (draft-ietf-wish-whep-03, section 4.2.2). The server decides when to make one, so the check
//! provokes it by offers that cannot be answered.

use hyper::header::LOCATION;
use hyper::{Method, StatusCode};
use sdp::{Description, Direction};
use synth::client::{Clients, Draft};
use synth::media::VideoCodec;

use super::Check;
use crate::description::{self, accepted};
use crate::http::{Ask, Reply};
use crate::offers;
use crate::rule::Rule;
use crate::session::{self, Posted, SDP, Session, full_content_type, location};

const RULES: [Rule; 7] = [
    Rule::CounterOffer,
    Rule::CounterLocation,
    Rule::CounterDirection,
    Rule::CounterNotReceiving,
    Rule::CounterValidUntil,
    Rule::CounterMalformed,
    Rule::CounterAnswer,
];

impl Check<'_> {
    pub(super) async fn counter_offer(&self) {
        self.step("a counter-offer");
        let Some((first, _)) = self.provoke().await else {
            let reason = "the endpoint makes no offer of its own";
            return RULES.iter().for_each(|it| self.verdicts.skip(*it, reason));
        };
        let reply = first.reply();
        let offer = description::parse(reply.body()).ok();
        let offer = offer.filter(|it| !it.sections.is_empty());
        let reason = || match first.is_counter_offer() {
            true => "the body is no offer".to_owned(),
            false => format!("Content-Type: {:?}", full_content_type(reply)),
        };
        let fits = first.is_counter_offer() && offer.is_some();
        self.verdicts.judge(Rule::CounterOffer, fits, reason, &[reply]);
        let at = location(reply);
        let reason = || "there is no Location that can be used".to_owned();
        self.verdicts.judge(Rule::CounterLocation, at.is_some(), reason, &[reply]);
        self.valid_until(reply);
        let (Some(offer), Some(at)) = (offer, at) else { return };
        self.counter_direction(&offer, reply);

        let bad = Ask::new(Method::PATCH, &at).body(SDP, "no answer");
        let bad = self.http.send(bad).await;
        let reason = || format!("it was answered with {}", bad.told());
        self.verdicts.judge(Rule::CounterMalformed, bad.is_client_error(), reason, &[&bad]);
        _ = self.http.send(Ask::new(Method::DELETE, &at)).await;
        // Another one: what becomes of an offer after a bad answer is open.
        if let Some((posted, draft)) = self.provoke().await {
            self.answer_counter_offer(&posted, draft).await;
        }
    }

    /// Posts offers that few servers can answer, until one is answered with 406.
    async fn provoke(&self) -> Option<(Posted, Draft)> {
        let other = match self.options.codec {
            VideoCodec::Vp8 => VideoCodec::H264,
            VideoCodec::H264 => VideoCodec::Vp8,
        };
        let good = self.clients.viewer(self.local_ip).ok()?;
        let others = Clients::new(other).viewer(self.local_ip).ok()?;
        let tries = [
            offers::unknown_codecs(&offers::good(good.offer())),
            // Some servers make their offer to who makes none.
            String::new(),
            offers::good(others.offer()),
            offers::good(good.offer()),
        ];
        for offer in tries {
            let posted = session::post(&self.http, &self.uri, offer).await;
            self.note(&posted);
            let reply = posted.reply();
            // A plain 406 means something else: it names no session and has no offer.
            let is_meant = posted.is_counter_offer() || reply.header(&LOCATION).is_some();
            if reply.is(StatusCode::NOT_ACCEPTABLE) && is_meant {
                return Some((posted, good));
            }
            session::discard(&self.http, reply).await;
        }
        None
    }

    fn counter_direction(&self, offer: &Description<'_>, reply: &Reply) {
        let of = |wanted: &[Direction]| {
            accepted(offer).map(|it| it.direction()).find(|it| wanted.contains(it))
        };
        let receiving = of(&[Direction::Inactive, Direction::RecvOnly]);
        let reason = || format!("a section is {}", receiving.map_or("", Direction::as_str));
        self.verdicts.judge(Rule::CounterNotReceiving, receiving.is_none(), reason, &[reply]);
        let both = of(&[Direction::SendRecv]);
        let reason = || "a section is sendrecv".to_owned();
        self.verdicts.judge(Rule::CounterDirection, both.is_none(), reason, &[reply]);
    }

    fn valid_until(&self, reply: &Reply) {
        let kind = full_content_type(reply).to_owned();
        let Some((_, rest)) = kind.split_once("valid-until=") else {
            return self
                .verdicts
                .skip(Rule::CounterValidUntil, "it does not say how long it is valid");
        };
        let value = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default(),
            None => rest.split(';').next().unwrap_or_default(),
        };
        let fits = httpdate::parse_http_date(value).is_ok();
        let reason = || format!("{value:?} is none");
        self.verdicts.judge(Rule::CounterValidUntil, fits, reason, &[reply]);
    }

    async fn answer_counter_offer(&self, posted: &Posted, draft: Draft) {
        let rule = Rule::CounterAnswer;
        let reply = posted.reply();
        let Some(answer) = draft.answer(reply.body()) else {
            return self.verdicts.fail(rule, "the offer cannot be answered", &[reply]);
        };
        let Ok(mut session) = Session::of_counter_offer(posted, &answer) else { return };
        self.note_session(&session);
        let patch = Ask::new(Method::PATCH, &session.uri).body(SDP, answer);
        let patched = self.http.send(patch).await;
        let evidence = [reply, &patched];
        if !patched.is(StatusCode::NO_CONTENT) {
            let reason = format!("it was answered with {}", patched.told());
            self.verdicts.fail(rule, reason, &evidence);
        } else if let Err(error) = session.start(draft) {
            self.verdicts.fail(rule, format!("the offer cannot be used: {error}"), &evidence);
        } else if let Some(client) = &mut session.client {
            let flows = client.wait_for(self.options.patience, |it| it.rtp > 0).await;
            let reason = || "no media came after it".to_owned();
            self.verdicts.judge(rule, flows, reason, &evidence);
        }
        session.end(&self.http).await;
    }
}
