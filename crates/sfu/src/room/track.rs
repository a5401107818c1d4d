//! What a room has of its publisher: sound and picture, each in one or several layers, each layer
//! with its ring of recent packets and its keyframe requests.

use std::time::{Duration, Instant};

use crate::media::name::Name;

use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::{MAX_LAYERS, Rids, StreamKey};
use crate::media::svc::OperatingPoint;
use crate::room::bitrate::Bitrates;
use crate::room::demand::Demand;
use crate::room::keyframes::KeyframeRequester;
use crate::room::ring::Ring;
use crate::room::rung::{MAX_RUNGS, Rung, ladder};
use media_api::LayerRate;

/// A layer that sent nothing for this long is off: a browser stops layers it has no bandwidth for.
const LAYER_SILENCE: Duration = Duration::from_secs(1);

/// The same while another layer went on: all layers of a browser have each frame. A packet that is repaired may keep
/// a layer back for 200 ms.
const LEFT_BEHIND: Duration = Duration::from_millis(500);

/// The least time between two changes of source of one publisher: stragglers of the encoder that was
/// left must not bring it back, and nobody can make the room change with every packet.
const MIN_SOURCE_TIME: Duration = Duration::from_secs(1);

/// One simulcast layer; a track without simulcast is one layer.
#[derive(Debug)]
pub(crate) struct Layer {
    /// Which stream of the publisher it is.
    pub(crate) stream: StreamKey,
    /// How it is encoded.
    pub(crate) format: Format,
    /// Its recent packets.
    pub(crate) ring: Ring,
    /// When to ask for a keyframe.
    pub(crate) keyframe: KeyframeRequester,
    /// Whether anybody wants it.
    pub(crate) demand: Demand,
    last_at: Instant,
    rates: Bitrates,
}

impl Layer {
    fn new(stream: StreamKey, format: Format, now: Instant) -> Self {
        Self {
            stream,
            format,
            ring: Ring::default(),
            keyframe: KeyframeRequester::default(),
            demand: Demand::new(now),
            last_at: now,
            rates: Bitrates::new(now),
        }
    }

    fn push(&mut self, packet: Packet) {
        if !self.is_on(self.last_at, packet.arrived) {
            self.rates.resume(packet.arrived);
        }
        self.last_at = packet.arrived;
        self.rates.count(&packet.place, packet.ts, packet.payload.len(), packet.arrived);
        if packet.is_keyframe {
            self.keyframe.satisfied();
        }
        self.ring.push(packet);
    }

    /// Bytes a second; before there is a figure, the bytes so far.
    fn rate(&self) -> usize {
        self.rates.whole()
    }

    /// Bits a second that viewers get it with.
    pub(crate) fn bps(&self) -> u64 {
        with_headers(self.rate())
    }

    /// The highest layers that it has inside.
    pub(crate) fn top(&self) -> OperatingPoint {
        self.rates.top()
    }

    /// Packets a second, about.
    pub(crate) fn packets_a_second(&self) -> usize {
        self.rate() / 1_000
    }

    /// The same, once it has come for long enough to have a figure.
    pub(crate) fn settled_bps(&self) -> Option<u64> {
        self.rates.is_settled().then(|| self.bps())
    }

    /// Whether it comes; `newest` is when the last packet of any layer came.
    fn is_on(&self, newest: Instant, now: Instant) -> bool {
        now.saturating_duration_since(self.last_at) < LAYER_SILENCE
            && newest.saturating_duration_since(self.last_at) < LEFT_BEHIND
    }

    /// Whether a viewer can be sent it: it comes, or does when somebody wants it.
    fn is_there(&self, newest: Instant, now: Instant) -> bool {
        self.is_on(newest, now) || self.demand.can_be_had(now)
    }
}

/// Bits a second of so many bytes, with the headers that viewers get them with: 60 bytes to a packet of
/// 1100.
fn with_headers(bytes: usize) -> u64 {
    bytes as u64 * 8 * 106 / 100
}

/// Sound or picture of a room.
#[derive(Debug, Default)]
pub(crate) struct Track {
    /// The layers, in order of appearance.
    pub(crate) layers: Vec<Layer>,
    /// When the publisher last changed the source.
    changed_at: Option<Instant>,
    /// Rises when the layers are no longer those of before: another publisher, another codec.
    pub(crate) epoch: u32,
}

impl Track {
    /// What each layer takes that comes and was measured, best first.
    pub(crate) fn layer_rates(&self, now: Instant) -> Vec<LayerRate> {
        let newest = self.newest(now);
        let mut rates: Vec<LayerRate> = self
            .layers
            .iter()
            .filter(|it| it.is_on(newest, now))
            .filter_map(|it| {
                let kbps = u32::try_from(it.settled_bps()? / 1_000).unwrap_or(u32::MAX);
                Some(LayerRate { rid: it.stream.rid.map(|rid| rid.to_string()), kbps })
            })
            .collect();
        rates.sort_by_key(|it| std::cmp::Reverse(it.kbps));
        rates
    }

    /// When the last packet of any layer came.
    fn newest(&self, now: Instant) -> Instant {
        self.layers.iter().map(|it| it.last_at).max().unwrap_or(now)
    }

    /// Forgets the layers: what comes next is another source.
    pub(crate) fn reset(&mut self) {
        self.changed_at = None;
        if !self.layers.is_empty() {
            self.layers.clear();
            self.epoch += 1;
        }
    }

    /// Takes a packet. Returns whether it is of a layer or format that is new here.
    pub(crate) fn push(&mut self, stream: StreamKey, format: Format, packet: Packet) -> bool {
        let now = packet.arrived;
        let is_other = |it: &Layer| it.stream.section != stream.section || it.format != format;
        if !self.layers.iter().any(is_other)
            && let Some(layer) = self.layers.iter_mut().find(|it| it.stream == stream)
        {
            layer.push(packet);
            return false;
        }
        // Another codec or media description, or a layer whose encoder was restarted with another SSRC.
        let is_change = |it: &Layer| is_other(it) || it.stream.rid == stream.rid;
        if self.layers.iter().any(is_change) {
            let too_soon = |at: Instant| now.saturating_duration_since(at) < MIN_SOURCE_TIME;
            if self.changed_at.is_some_and(too_soon) {
                return false;
            }
            self.reset();
            self.changed_at = Some(now);
        }
        if self.layers.len() == MAX_LAYERS {
            return false;
        }
        let mut layer = Layer::new(stream, format, packet.arrived);
        layer.push(packet);
        self.layers.push(layer);
        true
    }

    /// The layer that a stream is, in this format.
    pub(crate) fn layer_of(&self, stream: StreamKey, format: Format) -> Option<&Layer> {
        self.layers.iter().find(|it| it.stream == stream && it.format == format)
    }

    /// The operating points of the layers that there are, lowest first; of those that were, when there is
    /// none. A layer that is paused is there, with the rates that it had. Returns how many.
    pub(crate) fn available(&self, into: &mut [Rung; MAX_RUNGS], now: Instant) -> usize {
        let newest = self.newest(now);
        let any = self.layers.iter().any(|it| it.is_there(newest, now));
        let layers =
            self.layers.iter().enumerate().filter(|(_, it)| !any || it.is_there(newest, now));
        let points = layers.flat_map(|(index, layer)| {
            let is_on = layer.is_on(newest, now);
            layer.rates.points().iter().map(move |&(point, bytes, fps)| Rung {
                index,
                point,
                bps: with_headers(bytes),
                fps,
                is_on,
            })
        });
        let mut n = 0;
        for (slot, point) in into.iter_mut().zip(points) {
            *slot = point;
            n += 1;
        }
        into.get_mut(..n).map_or(0, ladder)
    }

    /// Decides which layers the publisher need not send, unless all are `wanted`: those that nobody watches,
    /// but for the lowest. With that one late viewers have a picture at once, and a link that narrows
    /// does not wait for the publisher. A layer without a name cannot be spoken of, and one that does not
    /// come is not ours to pause: its publisher sends it again when it can.
    pub(crate) fn review(&mut self, wanted: bool, now: Instant) {
        let newest = self.newest(now);
        let there = self.layers.iter().enumerate().filter(|(_, it)| it.is_there(newest, now));
        let lowest = there.min_by_key(|(_, it)| it.bps()).map(|(index, _)| index);
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let is_unwanted = !wanted
                && lowest != Some(index)
                && layer.stream.rid.is_some()
                && !layer.demand.is_wanted(now)
                && (layer.demand.is_paused() || layer.is_on(newest, now));
            layer.demand.set_paused(is_unwanted, now);
        }
    }

    /// The names of the layers of which this is true.
    pub(crate) fn rids_of(&self, is: impl Fn(&Layer) -> bool) -> Rids {
        let mut rids = Rids::default();
        let found = self.layers.iter().filter(|it| is(it)).filter_map(|it| it.stream.rid);
        for (slot, rid) in rids.iter_mut().zip(found) {
            *slot = Some(rid);
        }
        rids
    }

    /// The format of the track.
    pub(crate) fn format(&self) -> Option<Format> {
        self.layers.first().map(|it| it.format)
    }

    /// The names of the simulcast layers, best first.
    pub(crate) fn rids(&self) -> Vec<String> {
        let mut layers: Vec<(usize, Name)> =
            self.layers.iter().filter_map(|it| Some((it.rate(), it.stream.rid?))).collect();
        layers.sort_by_key(|(rate, _)| std::cmp::Reverse(*rate));
        layers.into_iter().map(|(_, rid)| rid.to_string()).collect()
    }
}
