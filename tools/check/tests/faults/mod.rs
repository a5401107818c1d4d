//! What the toy can do wrong, and which rule has to fail for it.

/// One thing that is wrong.
pub(crate) struct Fault {
    /// As the toy knows it.
    pub(crate) name: &'static str,
    /// The rule that has to fail, in every protocol that has it.
    pub(crate) rule: &'static str,
    /// Rules that may fail as well, as they need what is broken.
    pub(crate) follows: &'static [&'static str],
}

const fn only(name: &'static str, rule: &'static str) -> Fault {
    Fault { name, rule, follows: &[] }
}

const fn with(name: &'static str, rule: &'static str, follows: &'static [&'static str]) -> Fault {
    Fault { name, rule, follows }
}

pub(crate) const FAULTS: &[Fault] = &[
    only("get-endpoint", "GetEndpoint"),
    only("head", "HeadEndpoint"),
    with("head-type", "HeadLikeGet", &["HeadEndpoint"]),
    only("preflight", "Preflight"),
    only("preflight-token", "PreflightWithoutToken"),
    only("accept-post", "AcceptPost"),
    only("preflight-ice", "PreflightNoIce"),
    only("wrong-type", "WrongType"),
    only("malformed", "Malformed"),
    only("truncated", "Truncated"),
    only("huge", "Huge"),
    only("too-many-tracks", "TooManyTracks"),
    only("partial", "NoPartial"),
    only("setup-active", "SetupActive"),
    // The offer that is sent round in circles: WHIP's of an active client, WHEP's of a viewer too early.
    with("moved-301", "NoRedirect", &["SetupActive", "Offline"]),
    only("token-missing", "TokenMissing"),
    only("token-wrong", "TokenWrong"),
    only("token-challenge", "TokenChallenge"),
    only("token-session", "TokenSession"),
    only("created", "Created"),
    only("created-type", "CreatedType"),
    only("location", "CreatedLocation"),
    only("etag", "CreatedEtag"),
    only("etag-weak", "CreatedEtag"),
    // A client that goes by the answer cannot connect.
    with("answer", "Answer", &["Media", "SetupActive"]),
    with("direction", "Direction", &["Media"]),
    with("candidates", "Candidates", &["Media"]),
    with("bundle", "Bundle", &["Media"]),
    with("rtcp-mux", "RtcpMux", &["Media"]),
    only("rtcp-mux-only", "RtcpMuxOnly"),
    only("msid", "Msid"),
    only("links", "Links"),
    only("ice-server", "IceServers"),
    only("guessable", "Unguessable"),
    only("get-session", "GetSession"),
    only("fingerprint", "Media"),
    only("rtcp", "Rtcp"),
    with("trickle", "TrickleAnswer", &["BogusCandidate"]),
    only("trickle-etag", "TrickleNoEtag"),
    only("bogus", "BogusCandidate"),
    only("patch-type", "PatchWrongType"),
    only("patch-malformed", "PatchMalformed"),
    only("patch-without-tag", "PatchWithoutTag"),
    only("patch-stale-tag", "PatchStaleTag"),
    only("restart-answer", "RestartAnswer"),
    only("restart-type", "RestartType"),
    only("restart-etag", "RestartEtag"),
    only("restart-same-tag", "RestartEtag"),
    only("restart-old-tag", "RestartOldTag"),
    only("restart-attributes", "RestartAttributes"),
    only("restart-media", "RestartMedia"),
    only("restart-fails", "RestartFails"),
    // There is nothing left to delete.
    with("restart-fails-hard", "RestartFailsGently", &["DeleteIgnoresTag", "DeleteStatus"]),
    only("only-trickle-405", "OneOfTwo"),
    only("delete-tag", "DeleteIgnoresTag"),
    only("delete-status", "DeleteStatus"),
    only("gone", "Gone"),
    only("media-ends", "MediaEnds"),
    only("offline", "Offline"),
    only("offline-retry", "OfflineRetry"),
    only("counter-offer", "CounterOffer"),
    only("counter-location", "CounterLocation"),
    only("counter-direction", "CounterDirection"),
    only("counter-receiving", "CounterNotReceiving"),
    only("counter-valid-until", "CounterValidUntil"),
    only("counter-malformed", "CounterMalformed"),
    only("counter-answer", "CounterAnswer"),
    only("events-created", "EventsCreated"),
    only("events-location", "EventsLocation"),
    only("events-unsupported", "EventsUnsupported"),
    only("events-stream", "EventsStream"),
    only("events-form", "EventsForm"),
    only("events-asked", "EventsAsked"),
    only("events-active", "EventsActive"),
    with("events-inactive", "EventsInactive", &["EventsQueued"]),
    only("events-queued", "EventsQueued"),
    only("events-viewers", "EventsViewers"),
    only("events-layers", "EventsLayers"),
    only("events-deleted", "EventsDeleted"),
    only("events-end", "EventsEnd"),
    only("layer-events", "LayerEvents"),
    only("layer-reset", "LayerReset"),
];
