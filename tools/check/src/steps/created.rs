//! The 201 response: its header fields, its links, and the answer.

use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, LINK};
use hyper::{Method, StatusCode, Uri};
use sdp::{Description, Direction};
use synth::url::resolve;

use super::Check;
use crate::catalog::Protocol;
use crate::description::{self, accepted};
use crate::http::{Ask, Reply};
use crate::rule::Rule;
use crate::session::{Posted, SDP, Session, location};

/// Characters in which two session URLs have to differ: chance leaves fewer of sixteen the same than
/// one time in a billion, and a counter or a clock changes a few.
const MIN_DIFFERENCE: usize = 10;
/// Extensions of both protocols begin with this.
const EXTENSIONS: &str = "urn:ietf:params:wh";

impl Check<'_> {
    /// Looks at the response to a good offer, and makes a session of it.
    pub(super) fn created(&self, posted: &Posted) -> Option<Session> {
        let reply = posted.reply();
        let is_created = reply.is(StatusCode::CREATED);
        let reason = || format!("it was answered with {}{}", reply.told(), hint(reply));
        self.verdicts.judge(Rule::Created, is_created, reason, &[reply]);
        if !reply.is_success() {
            return None;
        }
        let kind = reply.content_type().unwrap_or_default();
        let reason = || format!("Content-Type: {kind:?}");
        self.verdicts.judge(Rule::CreatedType, kind == SDP, reason, &[reply]);
        let at = location(reply);
        let reason = || "there is no Location that can be used".to_owned();
        self.verdicts.judge(Rule::CreatedLocation, at.is_some(), reason, &[reply]);
        if at.as_ref().is_some_and(|it| it.scheme_str() != self.uri.scheme_str())
            && self.uri.scheme_str() == Some("https")
        {
            self.verdicts.fail(Rule::Https, "Location leads to plain HTTP", &[reply]);
        }
        let theirs = description::parse(reply.body());
        match (description::parse(&posted.offer), theirs) {
            (Ok(ours), Ok(theirs)) => self.answer(&ours, &theirs, reply),
            (_, Err(error)) => self.verdicts.fail(Rule::Answer, error, &[reply]),
            (Err(_), Ok(_)) => {}
        }
        let session = Session::of_answer(posted).ok()?;
        self.note_session(&session);
        self.links(&session);
        Some(session)
    }

    /// What script of another origin sees (Fetch, section 3.3): the documents name it for OPTIONS only.
    pub(super) fn cors(&self, reply: &Reply) {
        if !reply.is_success() {
            let reason = format!("an offer of another origin was answered with {}", reply.told());
            return self.verdicts.skip(Rule::CorsResponse, reason);
        }
        let origin = reply.header(&ACCESS_CONTROL_ALLOW_ORIGIN).unwrap_or_default();
        let exposed = reply.headers(&ACCESS_CONTROL_EXPOSE_HEADERS).join(",").to_ascii_lowercase();
        let has =
            |name: &str| exposed.split(',').any(|it| matches!(it.trim(), "*") || it.trim() == name);
        let names = ["location", "etag", "link"];
        if origin != "*" && origin != self.origin() {
            self.verdicts.skip(Rule::CorsResponse, "other origins are not let in");
        } else if let Some(name) = names.iter().find(|it| !has(it)) {
            self.verdicts.skip(Rule::CorsResponse, format!("script cannot read {name}"));
        } else {
            self.verdicts.pass(Rule::CorsResponse, &[reply]);
        }
    }

    /// The rules of JSEP for an initial answer (RFC 9429, section 5.3.1), and what is added to them.
    fn answer(&self, ours: &Description<'_>, theirs: &Description<'_>, reply: &Reply) {
        let lack = lack_of_answer(ours, theirs);
        let reason = || lack.clone().unwrap_or_default();
        self.verdicts.judge(Rule::Answer, lack.is_none(), reason, &[reply]);
        let wanted = match self.protocol {
            Protocol::Whip => Direction::RecvOnly,
            Protocol::Whep => Direction::SendOnly,
        };
        let wrong = accepted(theirs).find(|it| it.direction() != wanted);
        let reason = || {
            wrong.map_or_else(String::new, |it| {
                format!("the section of {} is {}", it.kind, it.direction().as_str())
            })
        };
        self.verdicts.judge(Rule::Direction, wrong.is_none(), reason, &[reply]);
        let has_candidates = !description::candidates(theirs).is_empty();
        let reason = || "there is none".to_owned();
        self.verdicts.judge(Rule::Candidates, has_candidates, reason, &[reply]);
        let bundle = theirs.bundle();
        let is_bundled = |mid: &str| bundle.is_some_and(|it| it.has(mid));
        let is_bundle =
            bundle.is_some() && accepted(theirs).all(|it| it.mid().is_some_and(is_bundled));
        let reason = || format!("a=group:{}", theirs.session.get("group").unwrap_or_default());
        self.verdicts.judge(Rule::Bundle, is_bundle, reason, &[reply]);
        for (rule, name) in [(Rule::RtcpMux, "rtcp-mux"), (Rule::RtcpMuxOnly, "rtcp-mux-only")] {
            let lacks = accepted(theirs).find(|it| !it.attributes.has(name));
            let reason = || format!("the section of {} lacks it", lacks.map_or("", |it| it.kind));
            self.verdicts.judge(rule, lacks.is_none(), reason, &[reply]);
        }
        self.msid(theirs, reply);
    }

    /// Of sections that send: JSEP puts it on no other.
    fn msid(&self, theirs: &Description<'_>, reply: &Reply) {
        let sending = accepted(theirs).filter(|it| it.direction().sends());
        let streams: Vec<Option<&str>> = sending.map(|it| it.msid().map(|it| it.0)).collect();
        let fits = streams.iter().all(|it| it.is_some() && *it == streams[0]);
        let reason = || {
            format!(
                "the streams are {:?}",
                streams.iter().map(|it| it.unwrap_or("none")).collect::<Vec<_>>()
            )
        };
        if streams.is_empty() {
            self.verdicts.skip(Rule::Msid, "no section sends");
        } else {
            self.verdicts.judge(Rule::Msid, fits, reason, &[reply]);
        }
    }

    fn links(&self, session: &Session) {
        let reply = &session.created;
        if reply.headers(&LINK).is_empty() {
            self.verdicts.skip(Rule::Links, "there is no Link");
            self.verdicts.skip(Rule::IceServers, "there is no Link");
            return;
        }
        let relation = |it: &crate::links::Link| it.param("rel").unwrap_or_default().to_owned();
        let extensions = || session.links.iter().filter(|it| relation(it).starts_with(EXTENSIONS));
        let fault = session.link_fault.map(ToOwned::to_owned).or_else(|| {
            let twice = extensions().find(|it| {
                extensions().filter(|other| relation(other) == relation(it)).count() > 1
            });
            let nowhere = extensions().find(|it| resolve(&session.uri, &it.target).is_none());
            let twice = twice.map(|it| format!("{} is there twice", relation(it)));
            twice.or_else(|| nowhere.map(|it| format!("{:?} is no URL", it.target)))
        });
        let reason = || fault.clone().unwrap_or_default();
        self.verdicts.judge(Rule::Links, fault.is_none(), reason, &[reply]);

        let mut servers = session.links.iter().filter(|it| it.is("ice-server")).peekable();
        if servers.peek().is_none() {
            return self.verdicts.skip(Rule::IceServers, "none is handed out");
        }
        let wrong = servers.find(|it| match it.target.split(':').next() {
            Some("stun" | "stuns") => false,
            Some("turn" | "turns") => {
                it.param("username").is_none() || it.param("credential").is_none()
            }
            _ => true,
        });
        let reason = || {
            wrong.map_or_else(String::new, |it| {
                format!("{} is no server that can be used", it.target)
            })
        };
        self.verdicts.judge(Rule::IceServers, wrong.is_none(), reason, &[reply]);
    }

    pub(super) async fn get_session(&self, session: &Session) {
        let get = self.http.send(Ask::new(Method::GET, &session.uri)).await;
        self.judge_get(Rule::GetSession, &get);
    }

    /// Whether session URLs can be guessed from each other.
    pub(super) fn judge_sessions(&self) {
        let sessions = self.sessions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let [(first, a), (second, b), ..] = sessions.as_slice() else {
            return self.verdicts.skip(Rule::Unguessable, "there was one session only");
        };
        let n = difference(first, second);
        let reason = || format!("they differ in {n} characters");
        self.verdicts.judge(Rule::Unguessable, n >= MIN_DIFFERENCE, reason, &[a, b]);
    }
}

/// How many characters of two URLs differ.
fn difference(a: &Uri, b: &Uri) -> usize {
    let (a, b) = (a.to_string(), b.to_string());
    let same = a.chars().zip(b.chars()).filter(|(a, b)| a == b).count();
    a.chars().count().max(b.chars().count()) - same
}

/// What of an answer is not as it has to be.
fn lack_of_answer(ours: &Description<'_>, theirs: &Description<'_>) -> Option<String> {
    let kinds = |it: &Description<'_>| -> Vec<String> {
        it.sections.iter().map(|it| format!("{} {}", it.kind, it.mid().unwrap_or("-"))).collect()
    };
    if kinds(ours) != kinds(theirs) {
        return Some(format!("its sections are {:?}, not {:?}", kinds(theirs), kinds(ours)));
    }
    let Some(first) = accepted(theirs).next() else {
        return Some("every section is rejected".to_owned());
    };
    for name in ["ice-ufrag", "ice-pwd", "fingerprint", "setup"] {
        if theirs.attribute(first, name).is_none() {
            return Some(format!("it has no {name}"));
        }
    }
    let setup = theirs.attribute(first, "setup").unwrap_or_default();
    (!matches!(setup, "active" | "passive")).then(|| format!("it has setup:{setup}"))
}

/// What a refusal of a good offer most likely means.
fn hint(reply: &Reply) -> &'static str {
    match reply.status().map(|it| it.as_u16()) {
        Some(401 | 403) => ": see --token",
        Some(404) => ": is this the address of an endpoint?",
        Some(409) => ": is somebody publishing there, or nobody?",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_told_from_chance() {
        let at = |it: &str| format!("https://example.com/session/{it}").parse::<Uri>().unwrap();
        let counted = difference(&at("000000000000000000000009"), &at("000000000000000000000010"));
        assert!(counted < MIN_DIFFERENCE, "{counted}");
        let random = difference(&at("9f86d081884c7d65"), &at("60303ae22b998861"));
        assert!(random >= MIN_DIFFERENCE, "{random}");
    }
}
