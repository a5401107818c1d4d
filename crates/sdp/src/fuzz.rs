//! Properties that hold for any input. Each function is the body of a fuzz target; `tests/fuzz.rs` runs them briefly.

use std::collections::BTreeSet;

use crate::{
    Attributes, Description, Direction, Error, Fragment, PayloadTypes, ProfileLevelId, Section,
    bounds, lines,
};

/// A description is parsed within the bounds, and all its accessors work.
pub fn description(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let description = match Description::parse(text) {
        Ok(description) => description,
        Err(error) => return refused(text, error),
    };
    assert!(text.len() <= bounds::MAX_BYTES && text.starts_with("v=0"));
    assert!(description.sections.len() <= bounds::MAX_SECTIONS);
    attributes(&description.session);
    let sources: usize = description.sections.iter().map(|it| section(it, text)).sum();
    assert!(sources <= bounds::MAX_SOURCES * bounds::MAX_SECTIONS);
    for it in &description.sections {
        assert!(lines(text).any(|line| line.number == it.line && line.raw.starts_with("m=")));
        let transport = description.transport(it);
        for error in
            [transport.credentials().err(), transport.fingerprint().err(), transport.setup().err()]
        {
            error.into_iter().for_each(|it| refused(text, it));
        }
        assert!(transport.ice_options().all(|it| !it.is_empty()));
        for value in transport.all("candidate") {
            assert!(description.line_of(value).is_some_and(|it| it <= bounds::MAX_LINES));
        }
    }
    for group in description.groups() {
        assert!(group.mids().all(|it| group.has(it)));
    }
    let ours = Fragment::of(&description).to_string();
    let again = Fragment::parse(&ours).map(|it| it.to_string());
    assert_eq!(again.as_ref(), Ok(&ours));
}

/// A fragment is parsed within the bounds, and its written form has the same content.
pub fn fragment(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let fragment = match Fragment::parse(text) {
        Ok(fragment) => fragment,
        Err(error) => return refused(text, error),
    };
    assert!(fragment.sections.len() <= bounds::MAX_SECTIONS);
    let credentials = fragment.credentials();
    if let Ok(Some(it)) = credentials {
        assert!(it.ufrag.len() >= 4 && it.pwd.len() >= 22 && fragment.says_anything());
    }
    let candidates: Vec<_> = fragment.candidates().map(|it| it.1).collect();
    let written = fragment.to_string();
    // The written form may exceed a bound: it adds text, such as the port of an `m=` line.
    let Ok(again) = Fragment::parse(&written) else { return };
    assert!(again.candidates().map(|it| it.1).eq(candidates));
    assert_eq!(again.credentials().is_ok(), credentials.is_ok());
    assert_eq!(again.session, fragment.session);
}

/// An error is one sentence, and its line number exists.
fn refused(text: &str, error: Error) {
    let n_lines = lines(text).count();
    assert!(error.line().is_none_or(|it| (1..=n_lines.max(1)).contains(&(it as usize))));
    assert!(error.to_string().len() < 200 && !error.to_string().contains('\n'));
}

/// Calls all accessors of a media description. Returns the number of its sources.
fn section(section: &Section<'_>, text: &str) -> usize {
    let payload_types = section.payload_types();
    payload_types_of(&payload_types);
    let numbers: Vec<u8> = section.payload_type_numbers().collect();
    assert!(numbers.len() <= bounds::MAX_FORMATS);
    assert!(payload_types.iter().all(|it| numbers.contains(&it.number)));
    assert!(section.mid().is_none_or(|it| !it.is_empty() && text.contains(it)));
    assert!(Direction::ALL.contains(&section.direction()));
    assert!(!section.is_rejected() || section.port == 0);
    _ = (section.msid(), section.has_rtcp_mux());
    attributes(&section.attributes);
    section.attributes.sources().len()
}

fn payload_types_of(payload_types: &PayloadTypes<'_>) {
    for it in payload_types {
        assert!(it.number < 128);
        assert_eq!(payload_types.get(it.number), Some(it), "each payload type is listed once");
        if let Some(rtx) = payload_types.rtx_of(it.number) {
            assert_eq!(payload_types.get(rtx).and_then(|rtx| rtx.repeats()), Some(it.number));
        }
        assert_eq!(it.fmtp.is_empty(), it.fmtp.parameters().count() == 0);
        if let Some(id) = it.fmtp.get("profile-level-id").and_then(ProfileLevelId::parse) {
            assert!(id.has_profile_of(&id));
        }
    }
}

fn attributes(attributes: &Attributes<'_>) {
    assert!(
        attributes.iter().all(|(name, value)| value.trim_ascii() == value && !name.contains(':'))
    );
    assert!(attributes.extmaps().all(|it| !it.uri.is_empty()));
    for source in attributes.sources() {
        _ = attributes.rtx_source(source.ssrc);
    }
    for group in attributes.source_groups() {
        let ssrcs: BTreeSet<u32> = group.ssrcs().collect();
        assert!(ssrcs.len() <= bounds::MAX_SOURCES);
    }
    for rid in attributes.rids() {
        _ = rid.payload_types().map(Iterator::count);
    }
    if let Some(simulcast) = attributes.simulcast() {
        let mut ids = simulcast.send().chain(simulcast.recv()).flat_map(|it| it.alternatives());
        assert!(ids.all(|it| !it.id.contains([';', ','])));
    }
    for candidate in attributes.candidates() {
        _ = (candidate.socket_addr(), candidate.extension("ufrag"), candidate.is_udp());
    }
}
