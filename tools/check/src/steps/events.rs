//! The extension of server-sent events (draft-ietf-wish-whep-02, section 4.9.1). The check's publisher leaves and returns,
//! to cause events.

mod listener;

use std::time::Duration;

use hyper::header::ACCEPT;
use hyper::{Method, StatusCode, Uri};
use serde_json::Value;

use super::Check;
use crate::http::Ask;
use crate::rule::Rule;
use crate::session::{self, Session, location};
use listener::Listener;

pub(super) const EVENTS: &str = "urn:ietf:params:whep:ext:core:server-sent-events";
/// What can be brought about, or at least understood.
const WANTED: [&str; 4] = ["active", "inactive", "layers", "viewercount"];
const RULES: [Rule; 14] = [
    Rule::EventsLink,
    Rule::EventsCreated,
    Rule::EventsLocation,
    Rule::EventsUnsupported,
    Rule::EventsStream,
    Rule::EventsForm,
    Rule::EventsAsked,
    Rule::EventsActive,
    Rule::EventsInactive,
    Rule::EventsQueued,
    Rule::EventsViewers,
    Rule::EventsLayers,
    Rule::EventsDeleted,
    Rule::EventsEnd,
];
/// After an event that was there already, for others that must not be.
const QUIET: Duration = Duration::from_millis(400);

impl Check<'_> {
    /// Returns a stream that must end with its session.
    pub(super) async fn events(
        &self,
        session: &Session,
        publish: Option<&Uri>,
        publisher: &mut Option<Session>,
    ) -> Option<Uri> {
        let Some((link, entry)) = session.link(EVENTS) else {
            let reason = "the extension is not announced";
            RULES.iter().for_each(|it| self.verdicts.skip(*it, reason));
            return None;
        };
        self.step("events");
        self.verdicts.pass(Rule::EventsLink, &[&session.created]);
        let list = link.param("events").map(|it| it.split(',').map(str::trim).collect::<Vec<_>>());
        let announced = |name: &str| match &list {
            Some(list) => list.contains(&name),
            None => matches!(name, "active" | "inactive"),
        };
        let asked: Vec<&str> = WANTED.into_iter().filter(|it| announced(it)).collect();
        self.unsupported(&entry).await;
        let stream = self.subscribe(&entry, &asked).await?;
        let mut listener = self.listen(&stream).await?;
        if let (Some(whip), Some(_)) = (publish, &publisher) {
            let queued = if announced("inactive") {
                self.subscribe(&entry, &["inactive"]).await
            } else {
                None
            };
            self.come_and_go(&mut listener, &announced, whip, publisher).await;
            self.queued(queued.as_ref()).await;
        } else {
            let reason = "it takes a publisher that goes: see --publish";
            [Rule::EventsActive, Rule::EventsInactive, Rule::EventsQueued]
                .iter()
                .for_each(|it| self.verdicts.skip(*it, reason));
        }
        self.facts(&mut listener, &announced).await;
        self.judge_form(&listener, &asked);
        self.delete_stream(&stream).await;
        self.subscribe(&entry, &asked).await
    }

    /// The session is gone: so is its stream.
    pub(super) async fn events_end(&self, stream: Option<Uri>) {
        let Some(stream) = stream else { return };
        let (get, _) = self.http.open(get(&stream)).await;
        let reason = || format!("it was answered with {}", get.told());
        self.verdicts.judge(Rule::EventsEnd, get.is_client_error(), reason, &[&get]);
    }

    async fn unsupported(&self, entry: &Uri) {
        let reply = self.http.send(post(entry, &["kaibo-check-no-such-event"])).await;
        let reason = || format!("it was answered with {}", reply.told());
        let fits = reply.is(StatusCode::BAD_REQUEST);
        self.verdicts.judge(Rule::EventsUnsupported, fits, reason, &[&reply]);
        session::discard(&self.http, &reply).await;
    }

    async fn subscribe(&self, entry: &Uri, names: &[&str]) -> Option<Uri> {
        let reply = self.http.send(post(entry, names)).await;
        let reason = || format!("it was answered with {}", reply.told());
        let fits = reply.is(StatusCode::CREATED);
        self.verdicts.judge(Rule::EventsCreated, fits, reason, &[&reply]);
        if !fits {
            return None;
        }
        let stream = location(&reply);
        let reason = || "there is no Location that can be used".to_owned();
        self.verdicts.judge(Rule::EventsLocation, stream.is_some(), reason, &[&reply]);
        stream
    }

    async fn listen(&self, stream: &Uri) -> Option<Listener<'_>> {
        let listener = Listener::open(&self.http, stream).await;
        let reply = &listener.reply;
        let kind = reply.content_type().unwrap_or_default();
        let fits = reply.is(StatusCode::OK) && kind == "text/event-stream";
        let reason = || format!("it was answered with {}, Content-Type: {kind:?}", reply.told());
        self.verdicts.judge(Rule::EventsStream, fits, reason, &[reply]);
        fits.then_some(listener)
    }

    /// The publisher goes and comes back.
    async fn come_and_go(
        &self,
        listener: &mut Listener<'_>,
        announced: &impl Fn(&str) -> bool,
        whip: &Uri,
        publisher: &mut Option<Session>,
    ) {
        if let Some(it) = publisher.take() {
            it.end(&self.http).await;
        }
        self.wait(listener, announced, Rule::EventsInactive, "inactive").await;
        match self.publish(whip).await {
            Ok(it) => *publisher = Some(it),
            Err(error) => {
                let reason = format!("nothing could be published again: {error}");
                return self.verdicts.skip(Rule::EventsActive, reason);
            }
        }
        self.wait(listener, announced, Rule::EventsActive, "active").await;
    }

    async fn wait(
        &self,
        listener: &mut Listener<'_>,
        announced: &impl Fn(&str) -> bool,
        rule: Rule,
        name: &str,
    ) {
        if !announced(name) {
            return self.verdicts.skip(rule, "it is not announced");
        }
        let data = listener.wait(name, self.options.patience).await;
        let fits = data.as_ref().is_some_and(Value::is_object);
        let reason = || match &data {
            Some(it) => format!("its data is {it}"),
            None => "it did not come".to_owned(),
        };
        let evidence = listener.evidence();
        self.verdicts.judge(rule, fits, reason, &[&evidence]);
    }

    /// What happened before anybody listened is told nevertheless.
    async fn queued(&self, stream: Option<&Uri>) {
        let Some(stream) = stream else {
            return self.verdicts.skip(Rule::EventsQueued, "inactive is not announced");
        };
        let mut listener = Listener::open(&self.http, stream).await;
        let came = listener.wait("inactive", self.options.patience).await.is_some();
        listener.drain(QUIET).await;
        let evidence = listener.evidence();
        let reason = || "inactive did not come".to_owned();
        self.verdicts.judge(Rule::EventsQueued, came, reason, &[&evidence]);
        self.judge_form(&listener, &["inactive"]);
    }

    /// What a server tells when it thinks fit: another viewer may be a reason.
    async fn facts(&self, listener: &mut Listener<'_>, announced: &impl Fn(&str) -> bool) {
        let mut other = None;
        if let Ok((draft, offer)) = session::draft(&self.clients, self.protocol, self.local_ip) {
            let posted = session::post(&self.http, &self.uri, offer).await;
            self.note(&posted);
            if let Ok(mut session) = Session::of_answer(&posted) {
                self.note_session(&session);
                if session.start(draft).is_ok() {
                    other = Some(session);
                }
            }
        }
        for (rule, name) in [(Rule::EventsViewers, "viewercount"), (Rule::EventsLayers, "layers")] {
            if !announced(name) {
                self.verdicts.skip(rule, "it is not announced");
                continue;
            }
            let known = listener.last(name);
            let data = match known {
                Some(data) => Some(data),
                None => listener.wait(name, self.options.patience).await,
            };
            let Some(data) = data else {
                self.verdicts.skip(rule, "it did not come while the check listened");
                continue;
            };
            let fits = match rule {
                Rule::EventsViewers => data.get("viewercount").is_some_and(Value::is_number),
                _ => are_layers(&data),
            };
            let evidence = listener.evidence();
            self.verdicts.judge(rule, fits, || format!("its data is {data}"), &[&evidence]);
        }
        if let Some(other) = other {
            other.end(&self.http).await;
        }
    }

    fn judge_form(&self, listener: &Listener<'_>, asked: &[&str]) {
        if listener.seen.is_empty() {
            return self.verdicts.skip(Rule::EventsForm, "no event came");
        }
        let evidence = listener.evidence();
        let fault = listener.seen.iter().find_map(|it| {
            let Some(name) = &it.name else { return Some("an event has no name".to_owned()) };
            let [data] = it.data.as_slice() else {
                return Some(format!("{name} has {} data lines", it.data.len()));
            };
            // The draft's own example of scte35 has no quotation marks around it.
            let is_json = name == "scte35" || serde_json::from_str::<Value>(data).is_ok();
            (!is_json).then(|| format!("the data of {name} is not JSON: {data:?}"))
        });
        let reason = || fault.clone().unwrap_or_default();
        self.verdicts.judge(Rule::EventsForm, fault.is_none(), reason, &[&evidence]);
        let names = listener.seen.iter().filter_map(|it| it.name.as_deref());
        let other = names.into_iter().find(|it| !asked.contains(it));
        let reason = || format!("{} came", other.unwrap_or_default());
        self.verdicts.judge(Rule::EventsAsked, other.is_none(), reason, &[&evidence]);
    }

    async fn delete_stream(&self, stream: &Uri) {
        let delete = self.http.send(Ask::new(Method::DELETE, stream)).await;
        let (get, _) = self.http.open(get(stream)).await;
        let reason = || format!("it was answered with {}", get.told());
        let fits = get.is(StatusCode::NOT_FOUND);
        self.verdicts.judge(Rule::EventsDeleted, fits, reason, &[&delete, &get]);
    }
}

/// By media section, lists of layers that can be told apart.
fn are_layers(data: &Value) -> bool {
    let is_layer = |it: &Value| {
        ["rid", "spatialLayerId", "temporalLayerId"].iter().any(|name| it.get(name).is_some())
    };
    let is_section = |(index, layers): (&String, &Value)| {
        index.parse::<usize>().is_ok()
            && layers.as_array().is_some_and(|it| it.iter().all(is_layer))
    };
    data.as_object().is_some_and(|it| it.iter().all(is_section))
}

fn post(entry: &Uri, names: &[&str]) -> Ask {
    let body = serde_json::json!(names).to_string();
    Ask::new(Method::POST, entry).body("application/json", body)
}

fn get(stream: &Uri) -> Ask {
    Ask::new(Method::GET, stream).header(ACCEPT, "text/event-stream")
}
