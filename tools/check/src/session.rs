//! A session on the server, from the offer to its deletion.

use std::net::IpAddr;
use std::time::Duration;

use hyper::header::{ACCEPT, CONTENT_TYPE, ETAG, IF_MATCH, LINK, LOCATION, ORIGIN, RETRY_AFTER};
use hyper::{Method, StatusCode, Uri};
use sdp::Description;
use synth::client::{Client, Clients, Draft};
use synth::url::resolve;

use crate::catalog::Protocol;
use crate::description;
use crate::fragment;
use crate::http::{Ask, Http, Reply};
use crate::links::{self, Link};
use crate::offers;

/// The media type of descriptions.
pub(crate) const SDP: &str = "application/sdp";

/// Of a server that is busy.
const MAX_TRIES: usize = 3;
const MAX_WAIT: Duration = Duration::from_secs(5);

/// A session that the server created for an offer.
pub(crate) struct Session {
    /// Its URL.
    pub(crate) uri: Uri,
    /// The entity-tag of its ICE session, as it was sent.
    pub(crate) etag: Option<String>,
    /// What we said of ourselves: an offer, or the answer to a counter-offer. It can be read.
    ours: String,
    /// What the server said of itself. It can be read.
    theirs: String,
    /// The response that made it.
    pub(crate) created: Reply,
    /// Its links, with a fault of their fields.
    pub(crate) links: Vec<Link>,
    pub(crate) link_fault: Option<&'static str>,
    /// The client behind it; `None` of a session that is not meant to carry media.
    pub(crate) client: Option<Client>,
}

/// An offer, and what became of it.
pub(crate) struct Posted {
    pub(crate) offer: String,
    /// Redirections first.
    pub(crate) replies: Vec<Reply>,
}

impl Posted {
    /// The last answer.
    pub(crate) fn reply(&self) -> &Reply {
        self.replies.last().expect("an offer is posted once at least")
    }

    /// Whether the server wants to offer itself (draft-ietf-wish-whep-03, section 4.2.2).
    pub(crate) fn is_counter_offer(&self) -> bool {
        let reply = self.reply();
        reply.is(StatusCode::NOT_ACCEPTABLE) && reply.content_type().as_deref() == Some(SDP)
    }
}

/// Makes a client's offer, as the documents want it.
pub(crate) fn draft(
    clients: &Clients,
    protocol: Protocol,
    ip: IpAddr,
) -> Result<(Draft, String), String> {
    let draft = match protocol {
        Protocol::Whip => clients.publisher(ip)?,
        Protocol::Whep => clients.viewer(ip)?,
    };
    let offer = offers::good(draft.offer());
    Ok((draft, offer))
}

/// Posts an offer; again when the server says that it is asked too often (RFC 9725, section 4.5).
pub(crate) async fn post(http: &Http, endpoint: &Uri, offer: String) -> Posted {
    let ask = Ask::new(Method::POST, endpoint).header(ACCEPT, SDP).body(SDP, offer.clone());
    let mut n_tries = 0;
    loop {
        let posted = Posted { offer: offer.clone(), replies: http.follow(ask.clone()).await };
        n_tries += 1;
        let reply = posted.reply();
        let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
        let wait = reply.header(&RETRY_AFTER).and_then(|it| it.parse().ok());
        let wait = wait.map(Duration::from_secs).filter(|it| *it <= MAX_WAIT);
        match wait {
            Some(wait) if n_tries < MAX_TRIES && busy.iter().any(|it| reply.is(*it)) => {
                tokio::time::sleep(wait).await;
            }
            _ => return posted,
        }
    }
}

/// Posts an offer as a page of another origin does.
pub(crate) async fn post_from(http: &Http, endpoint: &Uri, offer: String, origin: &str) -> Posted {
    let ask = Ask::new(Method::POST, endpoint).header(ORIGIN, origin).header(ACCEPT, SDP);
    let replies = http.follow(ask.body(SDP, offer.clone())).await;
    Posted { offer, replies }
}

impl Session {
    /// The session of an answer, without a client yet. Whether it was 201 is judged elsewhere.
    pub(crate) fn of_answer(posted: &Posted) -> Result<Self, String> {
        let reply = posted.reply();
        if !reply.is_success() {
            return Err(format!("the offer was answered with {}", reply.told()));
        }
        Self::new(reply, &posted.offer, reply.body())
    }

    /// The session of a 406, once the answer to its offer has been accepted.
    pub(crate) fn of_counter_offer(posted: &Posted, answer: &str) -> Result<Self, String> {
        let reply = posted.reply();
        Self::new(reply, answer, reply.body())
    }

    fn new(reply: &Reply, ours: &str, theirs: &str) -> Result<Self, String> {
        let uri = location(reply).ok_or("the answer has no Location that can be used")?;
        let mut all = Vec::new();
        let mut link_fault = None;
        for field in reply.headers(&LINK) {
            let (links, fault) = links::parse(field);
            all.extend(links);
            link_fault = link_fault.or(fault);
        }
        Ok(Self {
            uri,
            etag: reply.header(&ETAG).map(ToOwned::to_owned),
            ours: description::parse(ours).map(|_| ours.to_owned())?,
            theirs: description::parse(theirs).map(|_| theirs.to_owned())?,
            created: reply.clone(),
            links: all,
            link_fault,
            client: None,
        })
    }

    /// What we said of ourselves.
    pub(crate) fn ours(&self) -> Description<'_> {
        Description::parse(&self.ours).expect("it was read before")
    }

    /// What the server said of itself.
    pub(crate) fn theirs(&self) -> Description<'_> {
        Description::parse(&self.theirs).expect("it was read before")
    }

    /// Lets the client behind it begin.
    pub(crate) fn start(&mut self, draft: Draft) -> Result<(), String> {
        self.client = Some(draft.start(self.created.body())?);
        Ok(())
    }

    /// A PATCH of a fragment, with an entity-tag unless there is none.
    pub(crate) fn patch(&self, fragment: String, tag: Option<&str>) -> Ask {
        let ask = Ask::new(Method::PATCH, &self.uri).body(fragment::TYPE, fragment);
        match tag {
            Some(tag) => ask.header(IF_MATCH, tag),
            None => ask,
        }
    }

    /// A fragment that says what our description said: candidates, and no restart.
    pub(crate) fn fragment(&self) -> String {
        let ours = self.ours();
        let credentials = fragment::credentials(&ours);
        credentials.map(|it| fragment::write(&ours, &it)).unwrap_or_default()
    }

    /// The address behind a link of a relation.
    pub(crate) fn link(&self, relation: &str) -> Option<(&Link, Uri)> {
        let link = self.links.iter().find(|it| it.is(relation))?;
        Some((link, resolve(&self.created.uri, &link.target)?))
    }

    /// Ends it without looking at how.
    pub(crate) async fn end(self, http: &Http) {
        _ = http.send(Ask::new(Method::DELETE, &self.uri)).await;
    }
}

/// The address that a response names.
pub(crate) fn location(reply: &Reply) -> Option<Uri> {
    reply.header(&LOCATION).and_then(|it| resolve(&reply.uri, it))
}

/// Deletes the session that an unwanted success created.
pub(crate) async fn discard(http: &Http, reply: &Reply) {
    if (reply.is_success() || reply.is(StatusCode::NOT_ACCEPTABLE))
        && let Some(uri) = location(reply)
    {
        _ = http.send(Ask::new(Method::DELETE, &uri)).await;
    }
}

/// The content type with its parameters.
pub(crate) fn full_content_type(reply: &Reply) -> &str {
    reply.header(&CONTENT_TYPE).unwrap_or_default()
}
