//! The extension by which a viewer chooses layers (draft-ietf-wish-whep-02, section 4.9.2).

use hyper::{Method, StatusCode};

use super::Check;
use super::events::EVENTS;
use crate::http::Ask;
use crate::rule::Rule;
use crate::session::Session;

const LAYER: &str = "urn:ietf:params:whep:ext:core:layer";

impl Check<'_> {
    pub(super) async fn layers(&self, session: &Session) {
        let Some((_, uri)) = session.link(LAYER) else {
            let reason = "the extension is not announced";
            self.verdicts.skip(Rule::LayerEvents, reason);
            return self.verdicts.skip(Rule::LayerReset, reason);
        };
        self.step("layers");
        let events = session.link(EVENTS).map(|it| it.0);
        // Without a list all event types may be there.
        let has = |list: &str| list.split(',').any(|it| it.trim() == "layers");
        let announced = events.is_some_and(|it| it.param("events").is_none_or(has));
        let reason = || "it is not announced".to_owned();
        self.verdicts.judge(Rule::LayerEvents, announced, reason, &[&session.created]);

        // The index of a media section, as a string.
        let video = session.theirs().sections.iter().position(|it| it.kind == "video");
        let body = format!("{{\"mediaId\":\"{}\"}}", video.unwrap_or_default());
        let post = Ask::new(Method::POST, &uri).body("application/json", body);
        let reply = self.http.send(post).await;
        let reason = || format!("it was answered with {}", reply.told());
        self.verdicts.judge(Rule::LayerReset, reply.is(StatusCode::OK), reason, &[&reply]);
    }
}
