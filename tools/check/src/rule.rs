//! One [`Rule`] for each requirement that can be checked from outside. `catalog` says which document has it, in which
//! section and how strongly.

use serde::Serialize;

/// How strongly a document asks for something (BCP 14). MUST stands for SHALL and REQUIRED as well,
/// and for what is stated as fact; each negative word counts as its positive one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// A server that does not is wrong.
    Must,
    /// A server that does not needs a reason.
    Should,
    /// A server may leave it out: never a failure.
    May,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $sentence:literal,)*) => {
        /// One thing that is checked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Rule { $($(#[$doc])* $name,)* }

        impl Rule {
            /// What a server has to do, in our words.
            pub(crate) fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

rules! {
    // The endpoint.
    Https = "the endpoint and the session are reached over HTTPS",
    GetEndpoint = "GET on the endpoint is answered with 2xx and no content",
    HeadEndpoint = "HEAD on the endpoint is answered with 200 and Content-Type: application/sdp",
    HeadLikeGet = "HEAD has the Content-Type that GET has, and no body",
    Preflight = "a CORS preflight for a POST of another origin is answered with what a browser needs",
    PreflightWithoutToken = "a CORS preflight is answered without credentials",
    AcceptPost = "OPTIONS is answered with Accept-Post: application/sdp",
    PreflightNoIce = "a CORS preflight does not hand out STUN or TURN servers",
    CorsResponse = "script of another origin may read the answer, Location, ETag and Link",
    // What is refused.
    WrongType = "an offer whose content type is not application/sdp is rejected with 4xx",
    Malformed = "a body that is no session description is rejected with 4xx",
    Truncated = "a description that was cut off is rejected with 4xx",
    Huge = "100 kB that are no session description are rejected with 4xx",
    TooManyTracks = "more tracks of one kind than are supported are rejected with 422 or 400",
    NoPartial = "an offer is rejected with 422 or 400 rather than a single section of it",
    SetupActive = "an offer with setup:active is accepted, or rejected with 422 or 400",
    NoRedirect = "a POST is redirected with 307, never with 301 or 302",
    // Tokens.
    TokenMissing = "a POST without the bearer token is refused with 401 or 403",
    TokenWrong = "a POST with another bearer token is refused with 401 or 403",
    TokenChallenge = "401 comes with WWW-Authenticate: Bearer",
    TokenSession = "a PATCH or DELETE that is refused for want of the token leaves the session alone",
    // The session that comes of an offer.
    Created = "a good offer is answered with 201",
    CreatedType = "the answer has Content-Type: application/sdp",
    CreatedLocation = "the answer names the session in Location",
    CreatedEtag = "a session that can be patched has a strong entity-tag in ETag",
    Answer = "the body is an answer by the rules of JSEP: the offer's sections, ICE, DTLS and its role",
    Direction = "the answer is of one direction: recvonly of WHIP, sendonly of WHEP",
    Candidates = "the answer has the server's ICE candidates",
    Bundle = "all sections are in one BUNDLE group",
    RtcpMux = "each bundled section of the answer has rtcp-mux",
    RtcpMuxOnly = "each bundled section of the answer has rtcp-mux-only",
    Msid = "all tracks are of one MediaStream: each section that sends has the same msid",
    Links = "each Link header field is well-formed, one for each extension",
    IceServers = "STUN and TURN servers are linked with URI, username and credential",
    Unguessable = "session URLs differ, and not in a few characters only",
    GetSession = "GET on the session is answered with 2xx and no content",
    // Media.
    Media = "media flows over one transport, with the certificate that was announced",
    Rtcp = "RTCP of the server comes on the same transport as media",
    // Trickle ICE.
    Trickle = "trickle ICE is supported (RECOMMENDED in one place, OPTIONAL in another)",
    TrickleAnswer = "a PATCH with candidates is answered with 204 and no body",
    TrickleNoEtag = "204 for candidates has no ETag",
    BogusCandidate = "candidates that make no sense are dropped silently",
    PatchWrongType = "a PATCH of another content type is rejected with 4xx",
    PatchMalformed = "a PATCH whose fragment is malformed is rejected with 4xx",
    PatchWithoutTag = "a PATCH without If-Match is answered with 428",
    PatchStaleTag = "a PATCH with another entity-tag is answered with 412",
    // ICE restart.
    Restart = "ICE restart is supported (RECOMMENDED in one place, OPTIONAL in another)",
    RestartAnswer = "new ICE credentials are answered with 200 and new ones of the server",
    RestartType = "the answer has Content-Type: application/trickle-ice-sdpfrag",
    RestartEtag = "the answer has a new strong entity-tag, which holds from then on",
    RestartOldTag = "the entity-tag of before the restart is answered with 412",
    RestartAttributes = "the answer has the ice-lite, ice-options and ice-pacing of the description",
    RestartMedia = "ICE begins again with the new credentials, and media goes on",
    RestartFails = "a restart that cannot be satisfied is answered with an error",
    RestartFailsGently = "a restart that fails leaves the session and its media alone",
    OneOfTwo = "of trickle ICE and ICE restart the one that is not supported is answered with 422",
    // The end.
    DeleteIgnoresTag = "DELETE ends the session whatever its If-Match says",
    DeleteStatus = "DELETE is answered with 200",
    Gone = "after DELETE the session is gone: GET is answered with 4xx",
    MediaEnds = "after DELETE the server says goodbye or falls silent",
    // WHEP: nothing is published, and the server's own offer.
    Offline = "a POST while nothing is published is answered with 409, where publishing is required",
    OfflineRetry = "409 has Retry-After in seconds",
    CounterOffer = "406 has an SDP offer as its body, of type application/sdp",
    CounterLocation = "406 names the session in Location",
    CounterDirection = "the counter-offer is sendonly",
    CounterNotReceiving = "the counter-offer is neither inactive nor recvonly",
    CounterValidUntil = "valid-until is an HTTP-date",
    CounterMalformed = "an answer to the counter-offer that is malformed is rejected with 4xx",
    CounterAnswer = "the answer to the counter-offer, a PATCH of application/sdp, is answered with 204",
    // WHEP: server-sent events.
    EventsLink = "the events extension is announced with its URL",
    EventsCreated = "POST of event names is answered with 201",
    EventsLocation = "the answer names the event stream in Location",
    EventsUnsupported = "an event type that is not supported is answered with 400",
    EventsStream = "GET on the event stream is answered with 200 and text/event-stream",
    EventsForm = "each event has its name, one data line and JSON in it",
    EventsAsked = "only events that were asked for are sent",
    EventsActive = "active is sent when publishing begins, its data an object",
    EventsInactive = "inactive is sent when publishing ends, its data an object",
    EventsQueued = "events of before the first GET are kept for it",
    EventsViewers = "viewercount has a number",
    EventsLayers = "layers lists the layers by media section, each with rid or layer ids",
    EventsDeleted = "after DELETE the event stream is answered with 404",
    EventsEnd = "event streams end with their session",
    // WHEP: layers.
    LayerEvents = "a server that lets layers be chosen announces the layers event as well",
    LayerReset = "POST of a media section's index alone is answered with 200",
}
