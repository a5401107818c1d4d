//! One track of one viewer: its position in the ring, and its own numbering.

use std::time::Instant;

use crate::config::FirstNumbers;
use crate::core::outbox::Outbox;
use crate::egress::Egress;
use crate::egress::outgoing::Outgoing;
use crate::media::svc::OperatingPoint;
use crate::room::ring::{Ring, Start};
use crate::room::track::{Layer, Track};
use crate::transport::sdp::Line;
use crate::viewer::pacer::Pacer;
use crate::viewer::rewriter::{FrameNumbers, PictureIds, Rewriter};
use crate::viewer::sent_log::{Sent, SentLog, Source};
use crate::viewer::svc_filter::SvcFilter;
use media_api::MediaKind;

/// The most packets that a viewer is given at a time, so that all viewers get their turn and the outbox
/// has space.
const MAX_AT_ONCE: u64 = 64;

/// The most bytes of padding per packet: 1 % of it.
const MAX_PADDING: usize = 12;

/// One outgoing track.
#[derive(Debug)]
pub(super) struct Sending {
    /// Which track it is.
    line: Line,
    pub(super) rewriter: Rewriter,
    pub(super) picture_ids: PictureIds,
    pub(super) frame_numbers: FrameNumbers,
    /// For retransmissions; audio is not retransmitted.
    pub(super) sent: Option<SentLog>,
    pub(super) at: Option<Cursor>,
    /// The operating point to send.
    wanted: OperatingPoint,
    /// Exists once layers of the source were to be dropped. Most viewers have none.
    filter: Option<Box<SvcFilter>>,
    /// The epoch whose format this viewer has no payload type for.
    pub(super) unplayable: Option<u32>,
    /// Whether the payload type has to be looked up again.
    pub(super) is_renegotiated: bool,
}

/// The position of a viewer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub(super) epoch: u32,
    pub(super) layer: usize,
    /// The position of the next packet in the layer's ring.
    pub(super) next: u64,
    pub(super) payload_type: u8,
    /// Whether it has not reached the live edge since it began.
    pub(super) is_replay: bool,
}

impl Sending {
    /// A track that has sent nothing yet, with a log if its packets can be retransmitted.
    pub(super) fn new(line: Line, first: FirstNumbers, sent: Option<SentLog>) -> Self {
        Self {
            line,
            rewriter: Rewriter::new(first.seq, first.ts),
            picture_ids: PictureIds::default(),
            frame_numbers: FrameNumbers::default(),
            sent,
            at: None,
            wanted: OperatingPoint::WHOLE,
            filter: None,
            unplayable: None,
            is_renegotiated: false,
        }
    }

    /// Which track it is.
    pub(super) fn line(&self) -> Line {
        self.line
    }

    /// Looks up the payload type again after a renegotiation, which may change it.
    pub(super) fn renegotiated(&mut self) {
        self.unplayable = None;
        self.is_renegotiated = true;
    }

    /// See [`super::Viewer::park`].
    pub(super) fn park(&mut self) {
        self.at = None;
        self.unplayable = None;
        self.sent = self.sent.as_ref().map(|_| SentLog::default());
    }

    /// Forwards new packets of a track of sound.
    pub(super) fn pump_sound(
        &mut self,
        egress: &mut Egress,
        track: &Track,
        now: Instant,
        out: &mut Outbox,
    ) {
        let Some(layer) = track.layers.first() else { return };
        if self.at.is_none_or(|it| it.epoch != track.epoch) {
            // Audio begins at the live edge: older audio would only add delay.
            let Some(newest) = layer.ring.newest() else { return };
            let start = Start {
                position: layer.ring.head() - 1,
                first_seq: newest.seq,
                ts: newest.ts,
                arrived: newest.arrived,
            };
            self.begin(egress, track, 0, OperatingPoint::WHOLE, start, now);
        }
        self.forward(egress, layer, None, now, out);
    }

    /// The operating point to send.
    pub(super) fn wanted(&self) -> OperatingPoint {
        self.wanted
    }

    /// Sets the operating point to send. A lower one takes effect at the next picture, a higher one at a
    /// switch point.
    pub(super) fn want(&mut self, wanted: OperatingPoint) {
        self.wanted = wanted;
        if wanted != OperatingPoint::WHOLE && self.filter.is_none() {
            let next = self.rewriter.next_of_source();
            self.filter = Some(Box::new(SvcFilter::new(OperatingPoint::WHOLE, next)));
        }
    }

    /// The operating point that is sent now, if it does not contain the wanted one.
    pub(super) fn lags(&self) -> Option<OperatingPoint> {
        let current = self.filter.as_ref()?.current();
        (!current.contains(self.wanted)).then_some(current)
    }

    /// Begins at a keyframe of a layer, with the operating point `wanted`. The packets that the ring has
    /// after the keyframe are a replay.
    #[allow(clippy::too_many_arguments, reason = "each is another thing")]
    pub(super) fn begin(
        &mut self,
        egress: &Egress,
        track: &Track,
        layer: usize,
        wanted: OperatingPoint,
        start: Start,
        now: Instant,
    ) {
        if self.unplayable == Some(track.epoch) {
            return;
        }
        let it = &track.layers[layer];
        let Some(payload_type) = egress.payload_type(self.line, &it.format) else {
            tracing::debug!(codec = %it.format.codec, "viewer has no payload type for this format");
            self.unplayable = Some(track.epoch);
            self.at = None;
            return;
        };
        let Start { position, first_seq, ts, .. } = start;
        let edge_ts = it.ring.newest().map_or(ts, |it| it.ts);
        self.rewriter.begin(first_seq, ts, edge_ts, it.format.clock_rate(), now);
        let first = it.ring.get(position);
        if let Some(descriptor) = first.and_then(|it| it.vp8.as_ref()) {
            self.picture_ids.begin(descriptor);
        }
        if let Some(descriptor) = first.and_then(|it| it.dependency.as_ref()) {
            self.frame_numbers.begin(descriptor.frame_number());
        }
        self.wanted = wanted;
        let is_thinned = wanted != OperatingPoint::WHOLE;
        self.filter = is_thinned.then(|| Box::new(SvcFilter::new(wanted, first_seq)));
        let is_replay = self.line.kind == MediaKind::Video;
        let epoch = track.epoch;
        if let Some(sent) = &mut self.sent {
            let numbering = self.rewriter.numbering();
            let pictures = self.picture_ids.offset();
            let frames = self.frame_numbers.offset();
            let source = Source { epoch, layer, payload_type, numbering, pictures, frames };
            sent.begin(source, it.packets_a_second());
        }
        self.at = Some(Cursor { epoch, layer, next: position, payload_type, is_replay });
    }

    /// Forwards packets from the cursor on, as far as the pacer allows, if there is one. Returns whether
    /// the ring no longer has the next packet.
    pub(super) fn forward(
        &mut self,
        egress: &mut Egress,
        layer: &Layer,
        mut pacer: Option<&mut Pacer>,
        now: Instant,
        out: &mut Outbox,
    ) -> bool {
        let Some(cursor) = &mut self.at else { return false };
        if std::mem::take(&mut self.is_renegotiated)
            && let Some(payload_type) = egress.payload_type(self.line, &layer.format)
        {
            cursor.payload_type = payload_type;
        }
        let end = layer.ring.head().min(cursor.next.saturating_add(MAX_AT_ONCE));
        let common = common_size(&layer.ring, cursor.next, end);
        while cursor.next < end {
            if pacer.as_ref().is_some_and(|it| !it.has_room()) {
                break;
            }
            let Some(packet) = layer.ring.get(cursor.next) else { return true };
            let position = cursor.next;
            cursor.next += 1;
            let (left, how) = match &mut self.filter {
                None => (0, Sent::default()),
                Some(filter) => match filter.take(packet, self.wanted) {
                    Some(it) => it,
                    None => continue,
                },
            };
            let Some((seq, ts)) = self.rewriter.rewrite(packet.seq - left, packet.ts, now) else {
                continue;
            };
            let mut outgoing = Outgoing {
                seat: self.line.seat,
                kind: self.line.kind,
                payload_type: cursor.payload_type,
                seq,
                ts,
                padding: padding(packet.payload.len(), common),
                marker: packet.marker || how.is_last,
                header_ext: &packet.header_ext,
                dependency: None,
                payload: &packet.payload,
                vp8_patch: None,
                // A replay is sped up, so all its packets have the capture time of its end, which is now.
                captured: if cursor.is_replay { now } else { packet.captured },
            };
            if how.is_empty {
                outgoing.empty();
            } else {
                if let Some(it) = &packet.vp8 {
                    outgoing.vp8_patch = self.picture_ids.patch(it, how.dropped);
                }
                if let Some(it) = &packet.dependency {
                    self.frame_numbers.note(it.frame_number());
                    outgoing.dependency = Some(it.numbered(self.frame_numbers.offset()));
                }
            }
            if let Some(pacer) = &mut pacer {
                pacer.take(outgoing.payload.len());
            }
            egress.forward(&outgoing, now, out);
            if let Some(sent) = &mut self.sent {
                sent.note(seq, position, how);
            }
        }
        false
    }
}

/// The size of the largest packet in a range of positions. Encoders cut a frame into packets whose sizes
/// differ by a byte.
fn common_size(ring: &Ring, from: u64, to: u64) -> usize {
    (from..to).filter_map(|at| ring.get(at)).map(|it| it.payload.len()).max().unwrap_or(0)
}

/// The padding that brings a packet to the common size; 0 if it would exceed [`MAX_PADDING`]. With it a
/// frame is one message of equal segments, and a smaller audio packet can be its last segment.
fn padding(len: usize, common: usize) -> u8 {
    let lacks = common.saturating_sub(len);
    if lacks <= MAX_PADDING { lacks as u8 } else { 0 }
}
