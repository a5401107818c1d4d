//! The order of a WHEP check, and the publisher that it needs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::header::RETRY_AFTER;
use hyper::{StatusCode, Uri};
use tokio::time::Instant;

use super::Check;
use crate::catalog::Protocol;
use crate::http;
use crate::rule::Rule;
use crate::session::{self, Posted, Session};

/// Between two offers to a server that has no media yet, when it says nothing else.
const RETRY: Duration = Duration::from_millis(500);
const MAX_RETRY: Duration = Duration::from_secs(2);

impl Check<'_> {
    pub(super) async fn whep(&self, publish: Option<&Uri>) {
        self.endpoint().await;
        let mut publisher = None;
        if let Some(whip) = publish {
            let offline = self.offer().await;
            self.step("publishing");
            match self.publish(whip).await {
                Ok(session) => publisher = Some(session),
                Err(error) => {
                    let reason = format!("nothing can be published at --publish: {error}");
                    self.verdicts.fail(Rule::Media, reason, &[]);
                }
            }
            if let Some(posted) = offline {
                self.offline(&posted, publisher.is_some()).await;
            }
        } else {
            self.verdicts
                .skip(Rule::Offline, "whether anything is published is not known: see --publish");
            self.verdicts.skip(Rule::OfflineRetry, "nothing is answered with 409");
        }
        self.whep_session(publish, &mut publisher).await;
        if let Some(publisher) = publisher {
            publisher.end(&self.http).await;
        }
    }

    async fn whep_session(&self, publish: Option<&Uri>, publisher: &mut Option<Session>) {
        self.step("a session");
        let drafted = session::draft(&self.clients, self.protocol, self.local_ip);
        let Ok((draft, offer)) = drafted else { return };
        let posted = self.offer_when_live(offer, publisher.is_some()).await;
        if posted.reply().is(StatusCode::CONFLICT) {
            self.judge_409(&posted);
            if publisher.is_none() {
                // That is no fault of the server's; but nobody may think that it was checked.
                self.is_cut_short.store(true, Ordering::Relaxed);
                self.refusals().await;
                return self
                    .verdicts
                    .skip(Rule::Created, "nothing is published there: see --publish");
            }
        }
        let is_own = publisher.is_some();
        if posted.is_counter_offer() {
            self.verdicts.skip(Rule::Created, "the endpoint makes its own offer");
            self.refusals().await;
            self.tokens().await;
            return self.counter_offer().await;
        }
        let Some(mut session) = self.created(&posted) else {
            session::discard(&self.http, posted.reply()).await;
            self.refusals().await;
            return;
        };
        self.get_session(&session).await;
        let flows = self.media(&mut session, draft, is_own).await;
        let trickled = self.trickle(&session).await;
        self.restart(&mut session, trickled.as_ref()).await;
        let mut stream = None;
        if self.failing_restart(&mut session).await {
            self.layers(&session).await;
            // The publisher goes: from here on nothing is asked of media.
            stream = self.events(&session, publish, publisher).await;
        }
        self.end(session).await;
        self.events_end(stream).await;
        self.refusals().await;
        self.tokens().await;
        self.second_session().await;
        if flows {
            self.counter_offer().await;
        }
    }

    /// Publishes real media; returns the session once the server has it.
    pub(super) async fn publish(&self, whip: &Uri) -> Result<Session, String> {
        let local_ip = http::local_ip(whip).await?;
        let (draft, offer) = session::draft(&self.clients, Protocol::Whip, local_ip)?;
        let posted = session::post(&self.http, whip, offer).await;
        let mut session = Session::of_answer(&posted)?;
        session.start(draft)?;
        let Some(client) = &mut session.client else { return Err("no client".to_owned()) };
        if client.wait_for(self.options.patience, |it| it.is_connected).await {
            return Ok(session);
        }
        let over = client.state().over;
        session.end(&self.http).await;
        Err(over.unwrap_or_else(|| "no connection came about".to_owned()))
    }

    /// Offers to watch.
    async fn offer(&self) -> Option<Posted> {
        let drafted = session::draft(&self.clients, self.protocol, self.local_ip);
        let (_, offer) = drafted.ok()?;
        let posted = session::post(&self.http, &self.uri, offer).await;
        self.note(&posted);
        Some(posted)
    }

    /// Offers to watch, again while the server says that nothing is published yet.
    async fn offer_when_live(&self, offer: String, is_live: bool) -> Posted {
        let give_up = Instant::now() + self.options.patience;
        loop {
            let posted = session::post(&self.http, &self.uri, offer.clone()).await;
            self.note(&posted);
            let again = is_live && posted.reply().is(StatusCode::CONFLICT);
            if !again || Instant::now() >= give_up {
                return posted;
            }
            let named = retry_after(&posted).map(Duration::from_secs);
            tokio::time::sleep(named.unwrap_or(RETRY).clamp(RETRY, MAX_RETRY)).await;
        }
    }

    /// Nothing was published at the time of this offer.
    async fn offline(&self, posted: &Posted, is_live: bool) {
        let reply = posted.reply();
        if reply.is_success() || posted.is_counter_offer() {
            session::discard(&self.http, reply).await;
            let reason = "the endpoint lets viewers wait";
            self.verdicts.skip(Rule::Offline, reason);
            return self.verdicts.skip(Rule::OfflineRetry, reason);
        }
        if reply.is(StatusCode::CONFLICT) {
            return self.judge_409(posted);
        }
        self.verdicts.skip(Rule::OfflineRetry, "nothing is answered with 409");
        if is_live {
            let reason = format!("it was answered with {}", reply.told());
            self.verdicts.fail(Rule::Offline, reason, &[reply]);
        } else {
            self.verdicts.skip(Rule::Offline, "nothing can be published");
        }
    }

    fn judge_409(&self, posted: &Posted) {
        let reply = posted.reply();
        self.verdicts.pass(Rule::Offline, &[reply]);
        let reason = || match reply.header(&RETRY_AFTER) {
            Some(it) => format!("Retry-After: {it}"),
            None => "there is no Retry-After".to_owned(),
        };
        let fits = retry_after(posted).is_some();
        self.verdicts.judge(Rule::OfflineRetry, fits, reason, &[reply]);
    }
}

/// Seconds: the draft has no date there.
fn retry_after(posted: &Posted) -> Option<u64> {
    posted.reply().header(&RETRY_AFTER)?.trim().parse().ok()
}
