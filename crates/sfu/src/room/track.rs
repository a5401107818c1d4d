//! The audio or video track of a room: one or several layers, each with its ring of recent packets and
//! its keyframe requests.

use std::time::{Duration, Instant};

use media_api::Name;

use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::{MAX_LAYERS, Rids, StreamKey};
use crate::media::svc::OperatingPoint;
use crate::room::bitrate::Bitrates;
use crate::room::demand::Demand;
use crate::room::keyframes::KeyframeRequester;
use crate::room::ring::{Bounds, Ring};
use crate::room::rung::{MAX_RUNGS, Rung, order_rungs};
use media_api::LayerRate;

/// A layer without a packet for this long is off: a browser stops layers it has no bandwidth for.
const LAYER_SILENCE: Duration = Duration::from_secs(1);

/// A layer is also off if its last packet is this much older than that of another layer: a browser sends
/// each frame in all layers. Recovery of a lost packet can delay a layer by 200 ms.
const LEFT_BEHIND: Duration = Duration::from_millis(500);

/// Numbers that are missing after a silence this long were lost in an outage of the publisher's network: the packets
/// that follow build on frames that nobody has. Browsers that watch wait up to three seconds before they request a
/// keyframe.
const OUTAGE: Duration = Duration::from_millis(500);

/// The minimum interval between two changes of a publisher's source. Late packets of the previous
/// encoder must not bring it back, and no publisher can make the room change with every packet.
const MIN_SOURCE_TIME: Duration = Duration::from_secs(1);

/// One simulcast layer; a track without simulcast is one layer.
#[derive(Debug)]
pub(crate) struct Layer {
    /// The publisher's stream.
    pub(crate) stream: StreamKey,
    pub(crate) format: Format,
    /// Its recent packets.
    pub(crate) ring: Ring,
    pub(crate) keyframe: KeyframeRequester,
    pub(crate) demand: Demand,
    /// When the last packet came.
    last_at: Instant,
    rates: Bitrates,
}

impl Layer {
    fn new(stream: StreamKey, format: Format, bounds: Bounds, now: Instant) -> Self {
        Self {
            stream,
            format,
            ring: Ring::bounded(bounds),
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
        let is_interrupted = self.is_interrupted(&packet);
        self.last_at = packet.arrived;
        self.rates.count(&packet.place, packet.ts, packet.payload.len(), packet.arrived);
        if packet.is_keyframe {
            self.keyframe.satisfied();
        } else if is_interrupted && self.demand.is_wanted(packet.arrived) {
            self.keyframe.want();
        }
        self.ring.push(packet);
    }

    /// Whether this is the first packet after an outage of the publisher's network.
    fn is_interrupted(&self, packet: &Packet) -> bool {
        let silence = packet.arrived.saturating_duration_since(self.last_at);
        silence >= OUTAGE && self.ring.newest().is_some_and(|it| packet.seq > it.seq + 1)
    }

    /// Bytes of payload per second; before the first measurement, the bytes so far.
    fn rate(&self) -> usize {
        self.rates.whole()
    }

    /// The bitrate at which viewers get it, with headers, in bit/s.
    pub(crate) fn bps(&self) -> u64 {
        with_headers(self.rate())
    }

    /// The highest spatial and the highest temporal layer inside it.
    pub(crate) fn top(&self) -> OperatingPoint {
        self.rates.top()
    }

    /// Packets per second, estimated as 1000 bytes each.
    pub(crate) fn packets_a_second(&self) -> usize {
        self.rate() / 1_000
    }

    /// [`Self::bps`], once it is measured.
    pub(crate) fn settled_bps(&self) -> Option<u64> {
        self.rates.is_settled().then(|| self.bps())
    }

    /// Whether its packets come. `newest` is when the last packet of any layer came.
    fn is_on(&self, newest: Instant, now: Instant) -> bool {
        now.saturating_duration_since(self.last_at) < LAYER_SILENCE
            && newest.saturating_duration_since(self.last_at) < LEFT_BEHIND
    }

    /// Whether a viewer can choose it: its packets come, or will once somebody wants it.
    fn is_there(&self, newest: Instant, now: Instant) -> bool {
        self.is_on(newest, now) || self.demand.can_be_had(now)
    }
}

/// The bit/s of `bytes` of payload per second, with the headers on the way to a viewer: 60 bytes per
/// packet of 1100.
fn with_headers(bytes: usize) -> u64 {
    bytes as u64 * 8 * 106 / 100
}

/// The audio or video track of a room.
#[derive(Debug, Default)]
pub(crate) struct Track {
    /// The layers, in order of appearance.
    pub(crate) layers: Vec<Layer>,
    /// When the publisher's source last changed.
    changed_at: Option<Instant>,
    /// Rises when the layers are replaced, by another publisher or another codec.
    pub(crate) epoch: u32,
    /// The most that each layer holds.
    bounds: Bounds,
}

impl Track {
    /// An empty one, whose layers hold no more than this.
    pub(crate) fn bounded(epoch: u32, bounds: Bounds) -> Self {
        Self { epoch, bounds, ..Self::default() }
    }

    /// The bitrates of the layers that come and are measured, highest first.
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

    /// Removes the layers: the next packets are of another source.
    pub(crate) fn reset(&mut self) {
        self.changed_at = None;
        if !self.layers.is_empty() {
            self.layers.clear();
            self.epoch += 1;
        }
    }

    /// Adds a packet to its layer. Returns whether the layer or the format is new here.
    pub(crate) fn push(&mut self, stream: StreamKey, format: Format, packet: Packet) -> bool {
        let now = packet.arrived;
        let is_other = |it: &Layer| it.stream.section != stream.section || it.format != format;
        if !self.layers.iter().any(is_other)
            && let Some(layer) = self.layers.iter_mut().find(|it| it.stream == stream)
        {
            layer.push(packet);
            return false;
        }
        // The source changed: to another codec or media description, or its encoder restarted with
        // another SSRC.
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
        let mut layer = Layer::new(stream, format, self.bounds, packet.arrived);
        layer.push(packet);
        self.layers.push(layer);
        true
    }

    /// The bitrate of the lowest layer that comes, in bit/s; 0 if none does.
    pub(crate) fn lowest_bps(&self, now: Instant) -> u64 {
        let newest = self.newest(now);
        let on = self.layers.iter().filter(|it| it.is_on(newest, now));
        on.map(Layer::bps).min().unwrap_or(0)
    }

    /// The layer with this stream and format.
    pub(crate) fn layer_of(&self, stream: StreamKey, format: Format) -> Option<&Layer> {
        self.layers.iter().find(|it| it.stream == stream && it.format == format)
    }

    /// Writes the operating points of the available layers to `into`, lowest bitrate first; returns their
    /// number. A paused layer is available, with its last rates. If no layer is available, all count.
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
        into.get_mut(..n).map_or(0, order_rungs)
    }

    /// Decides which layers the publisher need not send: none if all are `wanted`, else those that nobody
    /// watches, except the lowest. The lowest gives a late viewer a picture at once, and a viewer whose
    /// link narrows need not wait for the publisher. A layer without a rid cannot be named to the
    /// publisher. A layer that does not come is not paused: its publisher sends it again when it can.
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

    /// The rids of the layers for which `is` returns `true`.
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

    /// The rids of the simulcast layers, highest bitrate first.
    pub(crate) fn rids(&self) -> Vec<String> {
        let mut layers: Vec<(usize, Name)> =
            self.layers.iter().filter_map(|it| Some((it.rate(), it.stream.rid?))).collect();
        layers.sort_by_key(|(rate, _)| std::cmp::Reverse(*rate));
        layers.into_iter().map(|(_, rid)| rid.to_string()).collect()
    }
}
