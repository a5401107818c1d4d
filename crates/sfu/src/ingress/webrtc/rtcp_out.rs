//! RTCP to a publisher: NACK, transport-wide feedback, receiver reports with REMB, and keyframe requests.

use std::time::{Duration, Instant};

use rtp::rtcp::{FirEntry, ReportBlock, write};
use rtp::srtp;

use super::{Link, WebRtc};
use crate::core::outbox::Outbox;
use crate::transport::ice::Path;

/// Interval of receiver reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// The longest RTCP datagram before encryption, in bytes.
const MAX_RTCP_BYTES: usize = 1_100;

/// Report blocks in one receiver report at most; the field has five bits.
const MAX_BLOCKS: usize = 16;

/// An RTCP compound packet for a publisher.
struct Compound {
    bytes: [u8; MAX_RTCP_BYTES + srtp::MAX_RTCP_OVERHEAD],
    len: usize,
}

impl Compound {
    fn new() -> Self {
        Self { bytes: [0; MAX_RTCP_BYTES + srtp::MAX_RTCP_OVERHEAD], len: 0 }
    }

    /// Begins a compound packet. It starts with an empty report, unless the publisher accepts reduced-size RTCP (RFC
    /// 5506).
    fn begun(is_reduced: bool, ssrc: u32) -> Self {
        let mut it = Self::new();
        if !is_reduced {
            it.add(|out| write::receiver_report(out, ssrc, &[]));
        }
        it
    }

    /// Adds a packet if it fits; returns whether it did.
    fn add(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        let space = self.bytes.get_mut(self.len..MAX_RTCP_BYTES).unwrap_or_default();
        let len = write(space);
        self.len += len.unwrap_or(0);
        len.is_some()
    }

    /// Encrypts the compound packet into the outbox.
    fn send(mut self, keys: &mut srtp::Sender, path: Path, out: &mut Outbox) {
        if let Ok(len) = keys.protect_rtcp(&mut self.bytes, self.len) {
            out.push(path.local, path.remote, self.bytes.get(..len).unwrap_or_default());
        }
    }
}

impl WebRtc {
    /// When RTCP is due on one link.
    pub(super) fn rtcp_deadline(&self, link: &Link) -> Option<Instant> {
        let media = self.streams.all.iter().filter_map(|it| it.media.as_ref());
        let nacks = media.filter_map(|it| it.nack.deadline());
        nacks.chain(link.feedback.deadline()).chain([link.report_at]).min()
    }

    /// Sends the RTCP that is due on one link.
    pub(super) fn send_rtcp(&mut self, at: usize, now: Instant, out: &mut Outbox) {
        let Some(link) = self.links.get(at).filter(|it| self.is_rtcp_due(it, now)) else { return };
        let Some(path) = link.transport.path() else { return };
        let Some(mut keys) = self.links.get_mut(at).and_then(|it| it.keys.take()) else { return };
        self.write_rtcp(at, &mut keys.sender, path, now, out);
        if let Some(link) = self.links.get_mut(at) {
            link.keys = Some(keys);
        }
    }

    /// Whether RTCP is due on a link. This is asked after each packet.
    pub(super) fn is_rtcp_due(&self, link: &Link, now: Instant) -> bool {
        !link.keyframes.is_empty() || self.rtcp_deadline(link).is_some_and(|it| it <= now)
    }

    /// Writes the RTCP that is due on one link, under these keys.
    pub(super) fn write_rtcp(
        &mut self,
        at: usize,
        keys: &mut srtp::Sender,
        path: Path,
        now: Instant,
        out: &mut Outbox,
    ) {
        let Some(link) = self.links.get(at) else { return };
        let ssrc = link.ssrc;
        let mut sections = self.streams.sections.iter().filter(|it| it.link == at);
        let is_reduced = sections.all(|it| it.incoming.media.rtcp_rsize);
        self.send_nacks((at, is_reduced), keys, path, now, out);
        self.send_keyframe_requests((at, is_reduced), keys, path, out);
        let Some(link) = self.links.get_mut(at) else { return };
        loop {
            let mut compound = Compound::begun(is_reduced, ssrc);
            let media_ssrc = link.media_ssrc;
            let Link { feedback, .. } = link;
            if !compound.add(|out| feedback.write(out, ssrc, media_ssrc, now)) {
                break;
            }
            compound.send(keys, path, out);
        }
        if now >= link.report_at {
            link.report_at = now + REPORT_INTERVAL;
            self.send_report(at, keys, path, now, out);
        }
    }

    fn send_nacks(
        &mut self,
        (at, is_reduced): (usize, bool),
        keys: &mut srtp::Sender,
        path: Path,
        now: Instant,
        out: &mut Outbox,
    ) {
        let Some(link) = self.links.get_mut(at) else { return };
        let ssrc = link.ssrc;
        let mut compound = Compound::begun(is_reduced, ssrc);
        let mut has_any = false;
        for stream in &mut self.streams.all {
            let Some(media) = &mut stream.media else { continue };
            let section = self.streams.sections.iter().find(|it| it.index == stream.section);
            let Some(section) = section.filter(|it| it.link == at) else { continue };
            if media.nack.deadline().is_none_or(|at| at > now) {
                continue;
            }
            let wants = section.format(media.payload_type).is_some_and(|it| it.nack);
            let due = media.nack.poll(now);
            if wants && !due.is_empty() {
                let of = stream.ssrc;
                self.figures.nacks += due.len() as u64;
                has_any |= compound.add(|out| write::nack(out, ssrc, of, due.iter().copied()));
            }
        }
        if has_any {
            compound.send(keys, path, out);
        }
    }

    fn send_keyframe_requests(
        &mut self,
        (at, is_reduced): (usize, bool),
        keys: &mut srtp::Sender,
        path: Path,
        out: &mut Outbox,
    ) {
        let Some(link) = self.links.get_mut(at).filter(|it| !it.keyframes.is_empty()) else {
            return;
        };
        let ssrc = link.ssrc;
        let mut compound = Compound::begun(is_reduced, ssrc);
        let mut has_any = false;
        for of in std::mem::take(&mut link.keyframes) {
            let Some(stream) = self.streams.all.iter_mut().find(|it| it.ssrc == of) else {
                continue;
            };
            let Some(media) = &mut stream.media else { continue };
            let section = self.streams.sections.iter().find(|it| it.index == stream.section);
            let Some(offered) = section.and_then(|it| it.format(media.payload_type)) else {
                continue;
            };
            self.figures.keyframe_requests += u64::from(offered.pli || offered.fir);
            if offered.pli {
                has_any |= compound.add(|out| write::pli(out, ssrc, of));
            } else if offered.fir {
                media.fir_seq = media.fir_seq.wrapping_add(1);
                let entry = FirEntry { ssrc: of, seq: media.fir_seq };
                has_any |= compound.add(|out| write::fir(out, ssrc, &[entry]));
            }
        }
        if has_any {
            compound.send(keys, path, out);
        }
    }

    fn send_report(
        &mut self,
        at: usize,
        keys: &mut srtp::Sender,
        path: Path,
        now: Instant,
        out: &mut Outbox,
    ) {
        let Some(link) = self.links.get_mut(at) else { return };
        let mut blocks: Vec<ReportBlock> = Vec::with_capacity(MAX_BLOCKS);
        for stream in self.streams.all.iter_mut().take(MAX_BLOCKS) {
            let section = self.streams.sections.iter().find(|it| it.index == stream.section);
            // Leave out streams that were silent for five report intervals.
            let is_idle = now.saturating_duration_since(stream.last_at) > REPORT_INTERVAL * 5;
            if section.is_some_and(|it| it.link == at) && !is_idle {
                blocks.push(stream.received.report_block(stream.ssrc, now));
            }
        }
        let ssrc = link.ssrc;
        let lost = blocks.iter().map(|it| it.fraction_lost).max().unwrap_or(0);
        let bps = link.estimate.tell(lost, now);
        let sources: Vec<u32> = blocks.iter().map(|it| it.ssrc).collect();
        let cname = std::sync::Arc::clone(&self.shared.cname);
        let mut compound = Compound::new();
        compound.add(|out| write::receiver_report(out, ssrc, &blocks));
        compound.add(|out| write::cname(out, ssrc, &cname));
        let mut sections = self.streams.sections.iter().filter(|it| it.link == at);
        if !sources.is_empty() && sections.any(|it| it.incoming.media.is_told_by_remb()) {
            compound.add(|out| write::remb(out, ssrc, bps, &sources));
        }
        compound.send(keys, path, out);
    }

    /// Sends an RTCP BYE and a DTLS close on each link.
    pub(super) fn say_goodbye(&mut self, out: &mut Outbox) {
        for link in &mut self.links {
            let Some(path) = link.transport.path() else { continue };
            if let Some(keys) = &mut link.keys {
                let ssrc = link.ssrc;
                let mut compound = Compound::begun(false, ssrc);
                compound.add(|out| write::bye(out, &[ssrc]));
                compound.send(&mut keys.sender, path, out);
            }
            let goodbye = link.transport.take_goodbye();
            if !goodbye.is_empty() {
                out.push(path.local, path.remote, &goodbye);
            }
        }
    }
}
