//! The streams of one publisher, by SSRC: the media description, layer and role of each (RFC 9143, section 9.2; RFC
//! 8851, section 7), and its state.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use media_api::MediaKind;
use rtp::header::Header;

use super::nack::NackGenerator;
use super::numbering::Numbering;
use super::order::Order;
use super::parameter_sets::ParameterSets;
use super::received::{Received, Tally};
use super::timeline::Timeline;
use crate::media::capture_clock::OwnClock;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use crate::transport::sdp::{Incoming, Layout, Offered};
use media_api::Name;

/// Streams of one publisher at most. Three layers with their repair streams, and audio, are seven; an encoder that
/// restarts adds new ones. A new stream replaces the one that has been silent for longest.
const MAX_STREAMS: usize = 16;

/// A new SSRC replaces another of its media description that has been silent for this long, as after an encoder
/// restart. If both send at once they are two sources, and the first one is kept.
const TAKE_OVER: Duration = Duration::from_millis(250);

/// What a stream carries. A publisher retransmits on the media stream itself, on a stream of its own, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Audio or video.
    Media,
    /// Retransmissions of the stream with this SSRC (RFC 4588).
    Repair(u32),
}

/// A stream: one SSRC.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) ssrc: u32,
    /// Index of its media description.
    pub(super) section: u8,
    /// Its simulcast layer.
    pub(super) rid: Option<Name>,
    pub(super) role: Role,
    pub(super) last_at: Instant,
    pub(super) received: Received,
    /// State of a media stream; `None` for a repair stream.
    pub(super) media: Option<Box<MediaState>>,
}

/// State of a media stream.
#[derive(Debug)]
pub(super) struct MediaState {
    pub(super) nack: NackGenerator,
    /// Video packets held back for a missing one.
    pub(super) order: Order<(StreamKey, Format, Packet)>,
    pub(super) numbering: Numbering,
    /// The newest packet.
    pub(super) tail: Option<Tail>,
    pub(super) timeline: Timeline,
    pub(super) own_clock: OwnClock,
    pub(super) parameter_sets: ParameterSets,
    /// Payload type of the last packet.
    pub(super) payload_type: u8,
    /// Sequence number of the last FIR (RFC 5104, section 4.3.1.1).
    pub(super) fir_seq: u8,
}

/// The newest packet of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    /// Its sequence number plus one.
    pub(super) next: u64,
    pub(super) ts: u32,
    /// Whether it is the last of its frame, or padding.
    pub(super) ends: bool,
}

/// A media description that the server receives.
#[derive(Debug)]
pub(super) struct Section {
    /// Its index among all media descriptions.
    pub(super) index: u8,
    /// Index of the link that carries it.
    pub(super) link: usize,
    pub(super) incoming: Incoming,
}

impl Section {
    /// The format of a payload type, and whether that payload type is its RTX; `None` if it was not negotiated.
    fn payload_type(&self, number: u8) -> Option<(&Offered, bool)> {
        let formats = &self.incoming.media.formats;
        let own = formats.iter().find(|it| it.pt == number).map(|it| (it, false));
        own.or_else(|| formats.iter().find(|it| it.rtx == Some(number)).map(|it| (it, true)))
    }

    /// The format of a payload type, unless it is RTX.
    pub(super) fn format(&self, number: u8) -> Option<&Offered> {
        self.payload_type(number).filter(|it| !it.1).map(|it| it.0)
    }

    /// The format that this RTX payload type retransmits.
    pub(super) fn repeated(&self, number: u8) -> Option<&Offered> {
        self.payload_type(number).filter(|it| it.1).map(|it| it.0)
    }

    /// The name of a layer that only its SSRC identifies: its index in the SSRC group, as older clients signal
    /// simulcast.
    fn grouped_rid(&self, ssrc: u32) -> Option<Name> {
        let at = self.incoming.sources.iter().position(|it| *it == ssrc)?;
        Name::new(at.to_string().as_bytes()).filter(|_| self.incoming.is_grouped)
    }
}

/// All streams of one publisher.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub(super) sections: Vec<Section>,
    pub(super) all: Vec<Stream>,
    /// Packets that fit no media description, since the last [`Self::take_tally`].
    n_unmatched: u32,
}

impl Streams {
    /// Applies what was negotiated. Ends the streams of media descriptions that are no longer received.
    pub(super) fn negotiated(&mut self, layout: &Layout) {
        self.sections = layout
            .incoming()
            .map(|(index, link, incoming)| Section { index, link, incoming: incoming.clone() })
            .collect();
        let sections = &self.sections;
        self.all.retain(|it| sections.iter().any(|section| section.index == it.section));
    }

    /// The media description with this index.
    pub(super) fn section(&self, index: u8) -> Option<&Section> {
        self.sections.iter().find(|it| it.index == index)
    }

    /// The index of a known SSRC.
    pub(super) fn position(&self, ssrc: u32) -> Option<usize> {
        self.all.iter().position(|it| it.ssrc == ssrc)
    }

    /// The index of the stream that a packet belongs to; adds the stream if it is new. `None` if the stream cannot be
    /// identified.
    pub(super) fn of_packet(
        &mut self,
        header: &Header<'_>,
        link: usize,
        now: Instant,
    ) -> Option<usize> {
        if let Some(at) = self.position(header.ssrc) {
            return Some(at);
        }
        let found = self.identify(header, link, now);
        if found.is_none() {
            self.n_unmatched = self.n_unmatched.saturating_add(1);
        }
        let (section, rid, role) = found?;
        Some(self.add(header, section, rid, role, now))
    }

    /// The media description, layer and role of a new SSRC. Found by the `mid` extension, the `a=ssrc` lines, or a
    /// payload type that only one media description has, in this order.
    fn identify(
        &self,
        header: &Header<'_>,
        link: usize,
        now: Instant,
    ) -> Option<(u8, Option<Name>, Role)> {
        let section = self.section_of(header, link)?;
        let Incoming { media, rids, repairs, is_grouped, sources, .. } = &section.incoming;
        let name = |id: Option<u8>| header.extension(id?).and_then(Name::new);
        let (rid, repaired) = (name(media.extensions.rid), name(media.extensions.repaired_rid));
        let (_, is_repair) = section.payload_type(header.payload_type)?;
        let index = section.index;
        let of_section = |it: &&Stream| it.section == index && it.role == Role::Media;
        let streams = || self.all.iter().filter(of_section);
        if is_repair {
            let by_rid = || repaired.and_then(|rid| streams().find(|it| it.rid == Some(rid)));
            let by_group = repairs.iter().find(|it| it.1 == header.ssrc).map(|it| it.0);
            // The only media stream without a repair stream.
            let is_alone = |it: &&Stream| !self.all.iter().any(|r| r.role == Role::Repair(it.ssrc));
            let mut left = streams().filter(is_alone);
            let only = left.next().filter(|_| left.next().is_none()).map(|it| it.ssrc);
            let of = by_group
                .or_else(|| by_rid().map(|it| it.ssrc))
                .or(only.filter(|_| repaired.is_none()))?;
            return Some((index, None, Role::Repair(of)));
        }
        if !rids.is_empty() {
            let rid = rid.filter(|it| rids.contains(it))?;
            return Some((index, Some(rid), Role::Media));
        }
        if *is_grouped {
            return Some((index, section.grouped_rid(header.ssrc), Role::Media))
                .filter(|_| sources.contains(&header.ssrc));
        }
        let is_live = |it: &Stream| now.saturating_duration_since(it.last_at) < TAKE_OVER;
        if streams().any(is_live) {
            return None;
        }
        Some((index, None, Role::Media))
    }

    fn section_of(&self, header: &Header<'_>, link: usize) -> Option<&Section> {
        let here = || self.sections.iter().filter(|it| it.link == link);
        let knows = |it: &&Section| it.payload_type(header.payload_type).is_some();
        let mut by_mid = here().filter_map(|it| {
            let mid = header.extension(it.incoming.media.extensions.mid?)?;
            (mid == it.incoming.media.mid.as_bytes()).then_some(it)
        });
        let names = |it: &&Section| {
            let Incoming { sources, repairs, .. } = &it.incoming;
            sources.contains(&header.ssrc) || repairs.iter().any(|it| it.1 == header.ssrc)
        };
        let by_payload_type = || {
            let mut fitting = here().filter(knows);
            fitting.next().filter(|_| fitting.next().is_none())
        };
        by_mid.next().or_else(|| here().find(names)).or_else(by_payload_type).filter(knows)
    }

    /// Adds a stream and returns its index. It replaces an earlier stream of the same layer.
    fn add(
        &mut self,
        header: &Header<'_>,
        section: u8,
        rid: Option<Name>,
        role: Role,
        now: Instant,
    ) -> usize {
        let is_before = |it: &Stream| match role {
            Role::Media => it.role == Role::Media && it.section == section && it.rid == rid,
            Role::Repair(_) => it.role == role,
        };
        let ended: Vec<u32> =
            self.all.iter().filter(|it| is_before(it)).map(|it| it.ssrc).collect();
        self.all.retain(|it| {
            !is_before(it) && !matches!(it.role, Role::Repair(of) if ended.contains(&of))
        });
        if self.all.len() >= MAX_STREAMS
            && let Some(oldest) =
                (0..self.all.len()).min_by_key(|at| self.all.get(*at).map(|it| it.last_at))
        {
            self.all.remove(oldest);
        }
        let sets = self.section(section).and_then(|it| {
            let sets = &it.incoming.parameter_sets;
            sets.iter().find(|it| it.0 == header.payload_type).map(|it| it.1.as_str())
        });
        let media = (role == Role::Media).then(|| {
            Box::new(MediaState {
                nack: NackGenerator::default(),
                order: Order::default(),
                tail: None,
                numbering: Numbering::default(),
                timeline: Timeline::default(),
                own_clock: OwnClock::default(),
                parameter_sets: ParameterSets::from_sprop(sets.unwrap_or_default()),
                payload_type: header.payload_type,
                fir_seq: 0,
            })
        });
        let received = Received::default();
        let stream =
            Stream { ssrc: header.ssrc, section, rid, role, last_at: now, received, media };
        self.all.push(stream);
        self.all.len() - 1
    }

    /// Ends a stream after an RTCP BYE.
    pub(super) fn end(&mut self, ssrc: u32) {
        self.all.retain(|it| it.ssrc != ssrc && it.role != Role::Repair(ssrc));
    }

    /// Audio and video packets sent and received since the last call, and the packets that fit no media description.
    pub(super) fn take_tally(&mut self) -> (Tally, u32) {
        let mut tally = Tally::default();
        for stream in self.all.iter_mut().filter(|it| it.role == Role::Media) {
            tally += stream.received.take_tally();
        }
        (tally, std::mem::take(&mut self.n_unmatched))
    }

    /// The kind of a media description.
    pub(super) fn kind_of(&self, section: u8) -> Option<MediaKind> {
        self.section(section).map(|it| it.incoming.kind)
    }
}
