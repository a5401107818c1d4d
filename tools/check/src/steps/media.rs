//! Whether media flows, and keeps flowing.

use synth::client::{Draft, State};

use super::Check;
use crate::catalog::Protocol;
use crate::rule::Rule;
use crate::session::Session;

impl Check<'_> {
    /// Begins to send or to play. Returns whether media flows.
    pub(super) async fn media(&self, session: &mut Session, draft: Draft, is_own: bool) -> bool {
        self.step("media");
        let (rule, created) = (Rule::Media, session.created.clone());
        if let Err(error) = session.start(draft) {
            let reason = format!("the answer cannot be used: {error}");
            self.verdicts.fail(rule, reason, &[&created]);
            return false;
        }
        let Some(client) = &mut session.client else { return false };
        let patience = self.options.patience;
        let wanted = |it: &State| {
            it.is_connected
                && match self.protocol {
                    Protocol::Whip => true,
                    Protocol::Whep if is_own => it.own > 0,
                    Protocol::Whep => it.rtp > 0,
                }
        };
        let flows = client.wait_for(patience, wanted).await;
        let told = match (&client.state(), self.protocol) {
            (State { over: Some(reason), .. }, _) => reason.clone(),
            (State { is_connected: false, .. }, _) => "no connection came about".to_owned(),
            (State { rtp: 0, .. }, _) => "no media came that could be decrypted".to_owned(),
            _ => "media came, but not what was published".to_owned(),
        };
        self.verdicts.judge(rule, flows, || told, &[&created]);
        if !flows {
            // What is asked of media that flows does not apply.
            session.client = None;
            return false;
        }
        let heard = client.wait_for(patience, |it| it.rtcp > 0).await;
        let reason = || "no RTCP came".to_owned();
        self.verdicts.judge(Rule::Rtcp, heard, reason, &[&created]);
        true
    }

    /// Whether anything comes from the server from now on: media of WHEP, reports on ours of WHIP.
    pub(super) async fn goes_on(&self, session: &mut Session) -> Result<(), String> {
        let client = session.client.as_mut().ok_or("there is no media")?;
        let before = client.state();
        if self.protocol == Protocol::Whip && before.rtcp == 0 {
            // A server that sends no RTCP at all is told so already.
            return before.over.map_or(Ok(()), Err);
        }
        let more = |it: &State| match self.protocol {
            Protocol::Whip => it.rtcp > before.rtcp,
            Protocol::Whep => it.rtp > before.rtp,
        };
        if client.wait_for(self.options.patience, more).await {
            return Ok(());
        }
        Err(client
            .state()
            .over
            .unwrap_or_else(|| "nothing comes from the server any more".to_owned()))
    }
}
