//! The end of a session.

use std::time::Duration;

use hyper::header::IF_MATCH;
use hyper::{Method, StatusCode};

use super::Check;
use super::trickle::FOREIGN_TAG;
use crate::http::Ask;
use crate::rule::Rule;
use crate::session::Session;

/// Silence: media comes every 20 ms and its reports about every second, so this long without either is the end.
const QUIET: Duration = Duration::from_millis(1_200);

impl Check<'_> {
    /// Deletes a session with an entity-tag that is not its own, and looks at what is left.
    pub(super) async fn end(&self, mut session: Session) {
        self.step("the end of the session");
        self.without_tag(&session).await;
        let delete = Ask::new(Method::DELETE, &session.uri);
        let tagged = self.http.send(delete.clone().header(IF_MATCH, FOREIGN_TAG)).await;
        let mut last = tagged.clone();
        let reason = || format!("it was answered with {}", tagged.told());
        self.verdicts.judge(Rule::DeleteIgnoresTag, tagged.is_success(), reason, &[&tagged]);
        if !tagged.is_success() {
            last = self.http.send(delete).await;
        }
        let reason = || format!("it was answered with {}", last.told());
        self.verdicts.judge(Rule::DeleteStatus, last.is(StatusCode::OK), reason, &[&last]);
        let get = self.http.send(Ask::new(Method::GET, &session.uri)).await;
        let reason = || format!("it was answered with {}", get.told());
        self.verdicts.judge(Rule::Gone, get.is_client_error(), reason, &[&last, &get]);
        let rule = Rule::MediaEnds;
        let Some(client) = &mut session.client else {
            return self.verdicts.skip(rule, "there was no media");
        };
        if !client.state().is_connected {
            return self.verdicts.skip(rule, "there was no media");
        }
        let silent = client.wait_for_silence(QUIET, self.options.patience).await;
        let reason = || "the server goes on".to_owned();
        self.verdicts.judge(rule, silent, reason, &[&last]);
    }
}
