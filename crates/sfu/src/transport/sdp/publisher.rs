//! Reads a publisher's offer: which media it sends, on which transports, and how its streams are identified.

use sdp::{Description, RidDirection, SourceGroup};

use super::formats::{self, Way};
use super::read::{malformed, media, mid, remote_transport, rest};
use super::{Incoming, Layout, MediaKind, Plan, PublisherOffer, Section, unread};
use crate::NegotiationError;
use crate::media::stream_key::MAX_LAYERS;
use media_api::Codec;
use media_api::Name;

/// Reads a publisher's offer. No media is sent to a publisher: `sendrecv`, which `addTrack` writes, is answered with
/// `recvonly`.
///
/// # Errors
/// If nothing can be received. The message is for the developer of the publisher.
pub(crate) fn read_publisher(text: &str) -> Result<PublisherOffer, NegotiationError> {
    let description = Description::parse(text).map_err(unread)?;
    if description.is_ice_lite() {
        return Err(malformed("a=ice-lite: this server is ICE-lite itself, one side has to check"));
    }
    let mut sections: Vec<Section> = Vec::new();
    let mut transports: Vec<Members<'_, '_>> = Vec::new();
    let mut lacks = NegotiationError::NoMedia("to publish");
    for section in &description.sections {
        let mid = mid(section)?;
        if !mid.is_empty() && sections.iter().any(|it| it.mid == mid) {
            return Err(malformed("two m-lines with one a=mid"));
        }
        let plan = plan(&description, section, &mut lacks);
        let transport = match plan {
            Plan::Reject => 0,
            _ => join_transport(&description, section, &mut transports),
        };
        sections.push(Section {
            kind: section.kind.to_owned(),
            mid: mid.to_owned(),
            rest: rest(section),
            transport: transport as u8,
            plan,
        });
    }
    if !sections.iter().any(|it| matches!(it.plan, Plan::Receive(_))) {
        return Err(lacks);
    }
    let bundle = bundle(&description, &sections);
    let transports = transports
        .iter()
        .map(|members| {
            // The media description that stands for the bundle comes first (RFC 9143, section 7.2).
            let tagged =
                members.iter().find(|it| it.mid().is_some() && it.mid() == bundle_tag(&bundle));
            remote_transport(&description.transport_of(tagged.into_iter().chain(members).copied()))
        })
        .collect::<Result<_, _>>()?;
    let allow_mixed = description.session.has("extmap-allow-mixed");
    let layout =
        Layout { audio: None, video: None, guests: Vec::new(), sections, bundle, allow_mixed };
    Ok(PublisherOffer { transports, layout })
}

impl PublisherOffer {
    /// Keeps the picture formats that all viewers are offered of guests: VP8, or H264 where there is no VP8.
    pub(crate) fn keep_formats_of_guests(&mut self) {
        for section in &mut self.layout.sections {
            let Plan::Receive(incoming) = &mut section.plan else { continue };
            let formats = &mut incoming.media.formats;
            let best = [Codec::Vp8, Codec::H264]
                .into_iter()
                .find(|codec| formats.iter().any(|it| it.format.codec == *codec));
            if let Some(best) = best.filter(|_| incoming.kind == MediaKind::Video) {
                formats.retain(|it| it.format.codec == best);
            }
        }
    }
}

/// The media descriptions on one transport.
type Members<'a, 'b> = Vec<&'b sdp::Section<'a>>;

fn bundle_tag(bundle: &[String]) -> Option<&str> {
    bundle.first().map(String::as_str)
}

/// Decides the use of a media description.
fn plan(
    description: &Description<'_>,
    section: &sdp::Section<'_>,
    lacks: &mut NegotiationError,
) -> Plan {
    let kind = formats::kind(section.kind).filter(|_| section.proto.contains("RTP/"));
    let Some(kind) = kind.filter(|_| !section.is_rejected()) else { return Plan::Reject };
    let sends = section.direction().sends();
    if sends {
        *lacks = NegotiationError::NoCodec;
    }
    let Some(mut media) = media(section, &description.session, kind, Way::FromPeer) else {
        return Plan::Reject;
    };
    if media.formats.first().is_some_and(|it| tells_itself(it.format.codec)) {
        media.extensions.dependency_descriptor = None;
    }
    if !sends {
        return Plan::Idle(Box::new(media));
    }
    Plan::Receive(Box::new(incoming(section, kind, media)))
}

/// Whether a codec's payload describes its own layers. With the AV1 dependency descriptor, a browser leaves temporal
/// layer and picture id out of the VP8 payload descriptor (RFC 7741, section 4.2); viewers without that extension would
/// then have to receive the whole stream. And Chromium froze for seconds with it when a larger size of VP9 was no
/// longer sent to it.
fn tells_itself(codec: Codec) -> bool {
    matches!(codec, Codec::Vp8 | Codec::Vp9)
}

fn incoming(section: &sdp::Section<'_>, kind: MediaKind, media: super::Media) -> Incoming {
    let groups: Vec<SourceGroup<'_>> = section.attributes.source_groups().collect();
    let of = |semantics: &'static str| groups.iter().filter(move |it| it.semantics == semantics);
    let repairs: Vec<(u32, u32)> = of(SourceGroup::FID)
        .filter_map(|it| {
            let mut ssrcs = it.ssrcs();
            Some((ssrcs.next()?, ssrcs.next()?))
        })
        .collect();
    let named: Vec<u32> = section.attributes.sources().iter().map(|it| it.ssrc).collect();
    let is_repair = |ssrc: &u32| repairs.iter().any(|it| it.1 == *ssrc);
    let grouped: Vec<u32> =
        of(SourceGroup::SIM).next().map(|it| it.ssrcs().collect()).unwrap_or_default();
    let is_grouped = grouped.len() > 1;
    let sources = if is_grouped { grouped } else { named };
    let payload_types = section.payload_types();
    let parameter_sets = payload_types.iter().filter_map(|it| {
        let sets = it.fmtp.get("sprop-parameter-sets")?;
        Some((it.number, sets.to_owned()))
    });
    Incoming {
        kind,
        rids: if kind == MediaKind::Video { rids(section) } else { Vec::new() },
        sources: sources.into_iter().filter(|it| !is_repair(it)).collect(),
        is_grouped,
        parameter_sets: parameter_sets.collect(),
        repairs,
        media,
    }
}

/// The layers that are sent, in the order of `a=simulcast`, or else of the `a=rid` lines. Of alternatives, the first is
/// used.
fn rids(section: &sdp::Section<'_>) -> Vec<Name> {
    let sent: Vec<&str> = section
        .attributes
        .rids()
        .filter(|it| it.direction == RidDirection::Send)
        .map(|it| it.id)
        .collect();
    let ordered: Vec<&str> = match section.attributes.simulcast() {
        Some(simulcast) => {
            let streams = simulcast.send();
            streams.filter_map(|it| it.alternatives().next().map(|it| it.id)).collect()
        }
        None => sent.clone(),
    };
    let mut rids: Vec<Name> = Vec::new();
    for id in ordered.into_iter().filter(|it| sent.contains(it)) {
        if let Some(rid) = Name::new(id.as_bytes())
            && !rids.contains(&rid)
            && rids.len() < MAX_LAYERS
        {
            rids.push(rid);
        }
    }
    rids
}

/// Index of the transport of a media description: that of its bundle; without a bundle that with the same ICE
/// credentials; else a new one.
fn join_transport<'a, 'b>(
    description: &Description<'a>,
    section: &'b sdp::Section<'a>,
    transports: &mut Vec<Members<'a, 'b>>,
) -> usize {
    let bundle_of = |it: &sdp::Section<'a>| {
        let mid = it.mid()?;
        description.groups().position(|group| group.is_bundle() && group.has(mid))
    };
    let ufrag_of =
        |it: &sdp::Section<'a>| description.attribute(it, "ice-ufrag").map(str::to_owned);
    let (bundle, ufrag) = (bundle_of(section), ufrag_of(section));
    let shares = |members: &Members<'a, 'b>| {
        members.first().is_some_and(|first| match (bundle_of(first), bundle) {
            (None, None) => ufrag_of(first) == ufrag,
            (of_first, of_this) => of_first == of_this,
        })
    };
    let at = transports.iter().position(shares).unwrap_or_else(|| {
        transports.push(Vec::new());
        transports.len() - 1
    });
    if let Some(members) = transports.get_mut(at) {
        members.push(section);
    }
    at
}

/// The `mid`s of the first bundle, in the order offered.
fn bundle(description: &Description<'_>, sections: &[Section]) -> Vec<String> {
    let mut bundle: Vec<String> = Vec::new();
    for mid in description.bundle().into_iter().flat_map(|it| it.mids()) {
        let is_there = sections.iter().any(|it| it.mid == mid);
        if is_there && !bundle.iter().any(|it| it == mid) {
            bundle.push(mid.to_owned());
        }
    }
    bundle
}
