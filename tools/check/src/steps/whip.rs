//! The order of a WHIP check.

use super::Check;
use crate::session::{self, Session};

impl Check<'_> {
    pub(super) async fn whip(&self) {
        self.endpoint().await;
        self.refusals().await;
        self.tokens().await;
        self.step("a session");
        let drafted = session::draft(&self.clients, self.protocol, self.local_ip);
        let Ok((draft, offer)) = drafted else { return };
        let posted = session::post(&self.http, &self.uri, offer).await;
        self.note(&posted);
        let Some(mut session) = self.created(&posted) else {
            return session::discard(&self.http, posted.reply()).await;
        };
        self.get_session(&session).await;
        self.media(&mut session, draft, true).await;
        let trickled = self.trickle(&session).await;
        self.restart(&mut session, trickled.as_ref()).await;
        _ = self.failing_restart(&mut session).await;
        self.end(session).await;
        self.second_session().await;
    }

    /// Another session, for its URL, of a page of another origin.
    pub(super) async fn second_session(&self) {
        self.step("another origin");
        let drafted = session::draft(&self.clients, self.protocol, self.local_ip);
        let Ok((_, offer)) = drafted else { return };
        let posted = session::post_from(&self.http, &self.uri, offer, self.origin()).await;
        self.note(&posted);
        self.cors(posted.reply());
        if let Ok(session) = Session::of_answer(&posted) {
            self.note_session(&session);
            session.end(&self.http).await;
        }
    }
}
