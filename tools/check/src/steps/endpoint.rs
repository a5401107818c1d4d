//! The endpoint without an offer: GET, HEAD, OPTIONS.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, LINK, ORIGIN,
};
use hyper::{Method, StatusCode};

use super::Check;
use crate::http::{Ask, Reply};
use crate::links;
use crate::rule::Rule;
use crate::session::SDP;

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

impl Check<'_> {
    pub(super) async fn endpoint(&self) {
        self.step("the endpoint");
        self.https();
        let get = self.http.send(Ask::new(Method::GET, &self.uri)).await;
        self.judge_get(Rule::GetEndpoint, &get);
        self.head(&get).await;
        self.options().await;
    }

    fn https(&self) {
        if self.uri.scheme_str() == Some("https") {
            self.verdicts.pass(Rule::Https, &[]);
        } else if self.local_ip.is_loopback() {
            self.verdicts.skip(Rule::Https, "nothing leaves this machine");
        } else {
            self.verdicts.fail(Rule::Https, "the address is one of plain HTTP", &[]);
        }
    }

    /// A resource without a representation.
    pub(super) fn judge_get(&self, rule: Rule, get: &Reply) {
        let fits = get.is_success() && get.body().is_empty();
        let reason = || match get.body().len() {
            0 => format!("it was answered with {}", get.told()),
            n => format!("it was answered with {} and {n} bytes", get.told()),
        };
        self.verdicts.judge(rule, fits, reason, &[get]);
    }

    async fn head(&self, get: &Reply) {
        let head = self.http.send(Ask::new(Method::HEAD, &self.uri)).await;
        let has_type = head.content_type().as_deref() == Some(SDP);
        self.verdicts.judge(
            Rule::HeadEndpoint,
            head.is(StatusCode::OK) && has_type,
            || {
                let kind = head.content_type().unwrap_or_else(|| "no content type".to_owned());
                format!("it was answered with {} and {kind}", head.told())
            },
            &[&head],
        );
        if !head.is_success() || !get.is_success() {
            return self.verdicts.skip(Rule::HeadLikeGet, "GET or HEAD is not answered");
        }
        let same = head.content_type() == get.content_type();
        let evidence = [get, &head];
        self.verdicts.judge(Rule::HeadLikeGet, same, || "the types differ".to_owned(), &evidence);
    }

    async fn options(&self) {
        // The type of an offer is not one that needs no question.
        let names: &[&str] = match self.http.has_token() {
            true => &["authorization", "content-type"],
            false => &["content-type"],
        };
        let preflight = Ask::new(Method::OPTIONS, &self.uri)
            .header(ORIGIN, self.origin())
            .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(ACCESS_CONTROL_REQUEST_HEADERS, names.join(","));
        let mut answer = self.http.send(preflight.clone().without_token()).await;
        if self.http.has_token() {
            let open = !answer.is_refused();
            let reason = || format!("it was answered with {}", answer.told());
            self.verdicts.judge(Rule::PreflightWithoutToken, open, reason, &[&answer]);
            if !open {
                answer = self.http.send(preflight).await;
            }
        } else {
            self.verdicts.skip(Rule::PreflightWithoutToken, "there is no token");
        }
        let lack = lack_of_preflight(&answer, self.origin(), names);
        let reason = || lack.clone().unwrap_or_default();
        self.verdicts.judge(Rule::Preflight, lack.is_none(), reason, &[&answer]);

        let plain = self.http.send(Ask::new(Method::OPTIONS, &self.uri)).await;
        for it in [&answer, &plain] {
            let types = it.headers(&ACCEPT_POST).join(",");
            let takes = types.split(',').any(|it| it.trim().eq_ignore_ascii_case(SDP));
            let reason = || format!("{}, Accept-Post: {types:?}", it.told());
            self.verdicts.judge(Rule::AcceptPost, it.is_success() && takes, reason, &[it]);
        }
        let fields = answer.headers(&LINK);
        let ice = fields.iter().any(|it| links::parse(it).0.iter().any(|it| it.is("ice-server")));
        let reason = || "it has a Link of an ice-server".to_owned();
        self.verdicts.judge(Rule::PreflightNoIce, !ice, reason, &[&answer]);
    }
}

/// What keeps a browser from posting after this answer (Fetch, section 4.8). The method need not be
/// named: POST is let through anyway.
fn lack_of_preflight(answer: &Reply, origin: &str, names: &[&str]) -> Option<String> {
    if !answer.is_success() {
        return Some(format!("it was answered with {}", answer.told()));
    }
    let allowed = answer.headers(&ACCESS_CONTROL_ALLOW_ORIGIN).join(",");
    if allowed != "*" && allowed != origin {
        return Some(format!(
            "Access-Control-Allow-Origin is {allowed:?}, so that a page of {origin} is not let in. If only \
             some pages may use the server, name one of them with --origin; to let this one in, a Kaibo \
             server takes --allow-origin {origin} (or '*' for all)"
        ));
    }
    let list = answer.headers(&ACCESS_CONTROL_ALLOW_HEADERS).join(",").to_ascii_lowercase();
    let has = |name: &str| list.split(',').any(|it| it.trim() == name);
    // The wildcard does not stand for credentials.
    let fits = |name: &&&str| has(name) || has("*") && **name != "authorization";
    let lacks = names.iter().find(|name| !fits(name))?;
    Some(format!("Access-Control-Allow-Headers: {list:?} lacks {lacks}"))
}
