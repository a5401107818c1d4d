//! The description of the API in OpenAPI 3.1: what is the same for all of it. The rest stands at each handler.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, ContentBuilder, Info, License, OpenApi, Ref, RefOr,
    ResponseBuilder, SecurityRequirement, Tag,
};

use super::cookie::LOGIN_COOKIE;
use super::idempotent::KEY_CHARS;

const PROBLEM: &str = "application/problem+json";
const SCHEMA_OF_PROBLEM: &str = "#/components/schemas/Problem";

/// What the tags are about.
const TAGS: [(&str, &str); 7] = [
    ("owner", "The owner's login."),
    ("rooms", "Rooms that were set up: who may watch, keys of their hosts, invitations."),
    ("tokens", "Keys that sign tokens, and tokens."),
    ("webhooks", "Whom the server tells what happens."),
    ("figures", "Who is in a room, what is wrong, and how it was in the last day."),
    ("broadcasts", "Records of broadcasts, for after the show."),
    ("server", "What was changed, and the settings that the server runs with."),
];

/// Adds what is the same for all operations.
pub(super) fn finish(mut api: OpenApi) -> OpenApi {
    let mut info = Info::new("Kaibo", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "What the operator of a Kaibo server does. The operator is who has the owner's login or the server's key, or \
         sits at the server's machine. Times are in milliseconds since the Unix epoch."
            .into(),
    );
    let mut license = License::new(env!("CARGO_PKG_LICENSE"));
    license.identifier = Some(env!("CARGO_PKG_LICENSE").into());
    info.license = Some(license);
    api.info = info;
    api.tags = Some(TAGS.map(|(name, about)| tag(name, about)).into());
    let key = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The server's key."))
        .build();
    let login = ApiKeyValue::with_description(LOGIN_COOKIE, "The owner's login.");
    let components = ComponentsBuilder::from(api.components.take().unwrap_or_default())
        .security_scheme("key", SecurityScheme::Http(key))
        .security_scheme("login", SecurityScheme::ApiKey(ApiKey::Cookie(login)));
    api.components = Some(components.build());
    // One of them; at the server's own machine, none is needed.
    let none = SecurityRequirement::default();
    let any = ["key", "login"].map(|name| SecurityRequirement::new(name, [""; 0]));
    api.security = Some([none].into_iter().chain(any).collect());
    for item in api.paths.paths.values_mut() {
        operations(item).for_each(tell_of_problems);
    }
    api
}

fn tag(name: &str, about: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(about.into());
    tag
}

/// Adds the header that each POST of these may have.
pub(super) fn tell_of_idempotency(api: &mut OpenApi) {
    for post in api.paths.paths.values_mut().filter_map(|item| item.post.as_mut()) {
        post.parameters.get_or_insert_default().push(idempotency_key().into());
    }
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(KEY_CHARS))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "A name for this request, new for each: asked again within a day, it is answered as it was the first time.",
        ))
        .schema(Some(text))
        .build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, .. } = item;
    [get, put, post, delete].into_iter().flatten()
}

/// Every operation may be refused, and says so in one form.
fn tell_of_problems(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let is_problem = |content: &RefOr<Content>| {
            let RefOr::T(content) = content else { return false };
            matches!(&content.schema, Some(RefOr::Ref(it)) if it.ref_location == SCHEMA_OF_PROBLEM)
        };
        if response.content.values().any(is_problem) {
            response.content = std::mem::take(&mut response.content)
                .into_values()
                .map(|content| (PROBLEM.into(), content))
                .collect();
        }
    }
    let problem = ContentBuilder::new().schema(Some(Ref::new(SCHEMA_OF_PROBLEM))).build();
    let refused = ResponseBuilder::new()
        .description("It was refused; the `code` says why.")
        .content(PROBLEM, problem)
        .build();
    operation.responses.responses.insert("default".into(), refused.into());
}
