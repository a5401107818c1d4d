//! The video of one viewer: which layer it is sent, how fast, and which packets can be retransmitted.

use std::time::{Duration, Instant};

use super::cursor::Sending;
use super::freeze::Freezes;
use super::intermittent::{Intermittent, SKIP_LAG, Step};
use super::preference::Wanted;
use super::report::{Reporter, Sent};
use super::{Needs, Preference};
use crate::config::FirstNumbers;
use crate::core::outbox::Outbox;
use crate::egress::Egress;
use crate::egress::outgoing::Outgoing;
use crate::media::svc::OperatingPoint;
use crate::room::ring::Start;
use crate::room::rung::{MAX_RUNGS, Rung};
use crate::room::track::{Layer, Track};
use crate::transport::sdp::Line;
use crate::viewer::layer_selector::{self, Choice, LayerSelector, Link, demand};
use crate::viewer::pacer::{INTERVAL, Pacer};
use crate::viewer::sent_log::{SentLog, Source};
use media_api::{MediaKind, Reason, Seat};

/// The maximum age of a keyframe at which a viewer switches layers. The picture that it sees is newer.
const SWITCH_AGE: Duration = Duration::from_millis(100);

/// How long a viewer is sent no video while it waits for a keyframe of a lower layer. A host answers a
/// keyframe request within a round trip and a frame. After this the old layer is sent again.
const DESCENT: Duration = Duration::from_millis(250);

/// How long to wait for a frame at which the viewer can switch to more temporal layers, before a keyframe
/// is requested. Encoders send one such frame in every eight.
const ASCENT: Duration = Duration::from_secs(2);

/// How often the layer is chosen anew.
const CHOOSE_EVERY: Duration = Duration::from_millis(50);

/// The video of one viewer.
#[derive(Debug)]
pub(super) struct VideoSender {
    pub(super) sending: Sending,
    /// The bitrates of the last choice and of the next rung that is worth a probe (0: there is none), in bit/s.
    rates: (u64, u64),
    pacer: Pacer,
    selector: LayerSelector,
    wanted: Wanted,
    reporter: Reporter,
    chosen: Option<Chosen>,
    /// Since when it waits for a keyframe of a lower layer.
    descends_since: Option<Instant>,
    /// Since when it is sent a lower operating point than the chosen one.
    lags_since: Option<Instant>,
    intermittent: Intermittent,
    pub(super) freezes: Freezes,
}

/// The last choice, and when it was made.
#[derive(Debug, Clone, Copy)]
struct Chosen {
    choice: Choice,
    /// Why it is not a better one.
    reason: Reason,
    epoch: u32,
    at: Instant,
    /// The bitrate estimate at the time.
    estimate_bps: Option<u64>,
}

impl VideoSender {
    /// Has sent nothing yet.
    pub(super) fn new(seat: Seat, first: FirstNumbers) -> Self {
        let line = Line { seat, kind: MediaKind::Video };
        Self {
            sending: Sending::new(line, first, Some(SentLog::default())),
            rates: (0, 0),
            pacer: Pacer::default(),
            selector: LayerSelector::default(),
            wanted: Wanted::default(),
            reporter: Reporter::default(),
            chosen: None,
            descends_since: None,
            lags_since: None,
            intermittent: Intermittent::default(),
            freezes: Freezes::default(),
        }
    }

    /// See [`super::Viewer::warm_logs`].
    pub(super) fn warm_log(&self) -> u64 {
        let next = self.sending.rewriter.last_seq().unwrap_or(0).wrapping_add(1);
        u64::from(self.sending.sent.as_ref().map_or(0, |it| it.warm(next)))
    }

    /// The layer that the viewer is sent.
    pub(super) fn layer(&self, track: &Track) -> Option<usize> {
        self.sending.at.filter(|it| it.epoch == track.epoch).map(|it| it.layer)
    }

    /// The layer that the viewer is sent, and the layer that it is to be sent.
    pub(super) fn watches(&self, track: &Track) -> [Option<usize>; 2] {
        match self.chosen.filter(|it| it.epoch == track.epoch).map(|it| it.choice) {
            Some(Choice::Starved) => [None, None],
            Some(it) => [self.layer(track), it.point().map(|it| it.0)],
            None => [self.layer(track), None],
        }
    }

    /// Sets the viewer's preference; the next pump chooses anew.
    pub(super) fn prefer(&mut self, preference: &Preference) {
        self.wanted.set(preference);
        self.chosen = None;
        if self.wanted.refuses().is_some() {
            // What is known of the link is outdated by the time that video is sent again.
            self.selector = LayerSelector::default();
            self.descends_since = None;
            self.intermittent = Intermittent::default();
            self.freezes.forget();
        }
    }

    /// Forgets its choice before a migration, since another worker may number the layers differently.
    pub(super) fn park(&mut self) {
        self.chosen = None;
        self.intermittent = Intermittent::default();
        self.freezes.forget();
    }

    /// Handles a keyframe request of the viewer. Returns the layer to request a keyframe of, if any.
    pub(super) fn keyframe_wanted(&mut self, track: &Track, now: Instant) -> Option<usize> {
        let current = self.layer(track)?;
        self.freezes.begins(track.epoch, now);
        match self.chosen.map(|it| it.choice) {
            // Its link is too narrow for a keyframe at each request.
            Some(Choice::Intermittent(..)) => self.intermittent.asked(now),
            Some(Choice::Starved) => {}
            // It is sent nothing, and a keyframe is requested anyway.
            Some(Choice::Layer(..)) if self.intermittent.rests() => {}
            Some(Choice::Layer(..)) | None => {
                self.selector.asked(now);
                return Some(current);
            }
        }
        None
    }

    /// The report that is due now, if one is; `Err` with the time at which to ask again.
    pub(super) fn report(&mut self, track: &Track, now: Instant) -> Result<Option<Sent>, Instant> {
        let nothing = |reason| Sent { has_picture: false, layer: None, reason };
        let sent = match (self.wanted.refuses(), self.chosen) {
            (Some(reason), _) => nothing(reason),
            (None, Some(Chosen { choice, reason, epoch, .. })) => {
                let Some((index, _)) = choice.point() else {
                    return self.reporter.poll(nothing(reason), now);
                };
                // While the viewer waits for another layer, nothing is reported.
                let is_there = epoch == track.epoch && self.layer(track) == Some(index);
                let Some(layer) = track.layers.get(index).filter(|_| is_there) else {
                    return Ok(None);
                };
                Sent { has_picture: true, layer: layer.stream.rid, reason }
            }
            (None, None) => return Ok(None),
        };
        self.reporter.poll(sent, now)
    }

    /// Forwards new packets.
    pub(super) fn pump(
        &mut self,
        egress: &mut Egress,
        track: &Track,
        sound_bps: u64,
        now: Instant,
        out: &mut Outbox,
    ) -> Needs {
        let mut needs = Needs::default();
        if self.wanted.refuses().is_some() {
            self.sending.at = None;
            self.demand(egress, (0, 0), sound_bps);
            return needs;
        }
        if egress.is_full() {
            return needs;
        }
        let current = self.layer(track);
        let is_late = egress.stream().is_some() && self.is_late(track, now);
        let (best, point) = match self.choose(egress, track, current, sound_bps, now) {
            Some(Choice::Layer(best, point)) if !self.intermittent.rests() && !is_late => {
                (best, point)
            }
            Some(Choice::Layer(best, point) | Choice::Intermittent(best, point)) => {
                return self.pump_intermittent(egress, track, (best, point), sound_bps, now, out);
            }
            Some(Choice::Starved) => {
                // When the link carries video again, it begins at a keyframe, not where it stopped.
                self.intermittent.rest();
                self.freezes.begins(track.epoch, now);
                return needs;
            }
            None => return needs,
        };
        let Some(target) = track.layers.get(best) else { return needs };
        if current == Some(best) {
            self.descends_since = None;
            let before = self.sending.wanted();
            if before != point {
                self.selector.switched(!before.contains(point), now);
                self.sending.want(point);
            }
        } else {
            let start = match current {
                None => target.ring.start(now),
                Some(_) => fresh_keyframe(target, now),
            };
            match start {
                Some(start) => {
                    let before = current.and_then(|it| track.layers.get(it)).map(Layer::bps);
                    self.selector.switched(before.is_some_and(|it| it < target.bps()), now);
                    self.sending.begin(egress, track, best, point, start, now);
                    self.freezes.ends(track.epoch, now);
                }
                None => {
                    needs.keyframe = Some(best);
                    if let Some(until) = self.holds_until(egress, track, current, target, now) {
                        self.freezes.begins(track.epoch, now);
                        needs.again_at = Some(until);
                        return needs;
                    }
                }
            }
        }
        let Some(layer) = self.layer(track).and_then(|it| track.layers.get(it)) else {
            // A viewer that cannot play the format needs no keyframe of it.
            let can_play = self.sending.unplayable != Some(track.epoch);
            needs.keyframe = needs.keyframe.filter(|_| can_play);
            return needs;
        };
        self.pacer.fill(self.chosen.and_then(|it| it.estimate_bps), now);
        let Self { sending, pacer, .. } = self;
        let is_lost = sending.forward(egress, layer, Some(pacer), now, out);
        if is_lost {
            // The ring has dropped its next packet: begin anew at a keyframe.
            self.sending.at = None;
            self.freezes.begins(track.epoch, now);
            needs.keyframe = Some(best);
            return needs;
        }
        self.review_freeze(layer, track.epoch, now);
        if self.lags(layer, now) {
            needs.keyframe = Some(best);
        }
        if let Some(cursor) = &mut self.sending.at {
            let is_behind = cursor.next != layer.ring.head();
            cursor.is_replay &= is_behind;
            needs.again_at = is_behind.then(|| now + INTERVAL);
        }
        needs
    }

    /// A viewer that asked for a keyframe has been sent one.
    fn review_freeze(&mut self, layer: &Layer, epoch: u32, now: Instant) {
        let Some(since) = self.freezes.since() else { return };
        let keyframe = layer.ring.keyframe().filter(|it| it.1 >= since);
        if keyframe.is_some_and(|(at, _)| self.sending.at.is_some_and(|it| it.next > at)) {
            self.freezes.ends(epoch, now);
        }
    }

    /// Whether the next packet has waited for a TCP connection that could not take it: then whole frames are left out up
    /// to a keyframe, as on a link that is too narrow.
    fn is_late(&self, track: &Track, now: Instant) -> bool {
        let Some(cursor) = self.sending.at.filter(|it| it.epoch == track.epoch && !it.is_replay)
        else {
            return false;
        };
        let next = track.layers.get(cursor.layer).and_then(|it| it.ring.get(cursor.next));
        next.is_some_and(|it| now.saturating_duration_since(it.arrived) >= SKIP_LAG)
    }

    /// Forwards new packets of a layer that exceeds the link, or exceeded it until now.
    fn pump_intermittent(
        &mut self,
        egress: &mut Egress,
        track: &Track,
        (best, point): (usize, OperatingPoint),
        sound_bps: u64,
        now: Instant,
        out: &mut Outbox,
    ) -> Needs {
        let mut needs = Needs::default();
        let can_play = self.sending.unplayable != Some(track.epoch);
        let Some(layer) = track.layers.get(best).filter(|_| can_play) else { return needs };
        let current = self.sending.at.filter(|it| it.epoch == track.epoch);
        let step = match current {
            None => layer.ring.start(now).map_or(Step::Rest, Step::Begin),
            Some(it) if it.layer == best => self.intermittent.step(&layer.ring, it.next, now),
            Some(_) => fresh_keyframe(layer, now).map_or(Step::Rest, Step::Begin),
        };
        match step {
            Step::Go if self.sending.wanted() != point => self.sending.want(point),
            Step::Go => {}
            Step::Begin(start) => {
                self.sending.begin(egress, track, best, point, start, now);
                self.intermittent.begun(start.ts, now);
                self.freezes.ends(track.epoch, now);
                self.descends_since = None;
                if let Some(cursor) = &mut self.sending.at {
                    // The viewer may never reach the live edge, so each frame has its own capture time.
                    cursor.is_replay = false;
                }
            }
            Step::Rest => {
                self.freezes.begins(track.epoch, now);
                // If the link carries the layer again, the keyframe is requested at once.
                let has_room = self.chosen.is_some_and(|it| matches!(it.choice, Choice::Layer(..)));
                let asks = if has_room { Ok(()) } else { self.intermittent.ask(now) };
                match asks {
                    Ok(()) => needs.keyframe = Some(best),
                    Err(at) => needs.again_at = Some(at),
                }
                return needs;
            }
        }
        let estimate_bps = self.chosen.and_then(|it| it.estimate_bps).unwrap_or(0);
        self.pacer.intermittent(estimate_bps.saturating_sub(sound_bps), now);
        let Self { sending, pacer, .. } = self;
        if sending.forward(egress, layer, Some(pacer), now, out) {
            self.intermittent.rest();
        }
        let is_behind = self.sending.at.is_some_and(|it| it.next != layer.ring.head());
        needs.again_at = is_behind.then(|| now + INTERVAL);
        needs
    }

    /// Until when nothing is sent while the viewer waits for a keyframe of a lower layer; `None`: the old
    /// layer is sent on. The packets under way exceed the link, and are shown as they arrive; more of them
    /// would only delay the keyframe. A viewer whose link carries the old layer is sent it meanwhile.
    fn holds_until(
        &mut self,
        egress: &Egress,
        track: &Track,
        current: Option<usize>,
        target: &Layer,
        now: Instant,
    ) -> Option<Instant> {
        let current = current.and_then(|it| track.layers.get(it))?;
        let is_carried = egress.estimate_bps().is_none_or(|it| it > current.bps());
        if is_carried || current.bps() <= target.bps() {
            return None;
        }
        let until = *self.descends_since.get_or_insert(now) + DESCENT;
        (now < until).then_some(until)
    }

    /// What to send: the last choice, or a new one after [`CHOOSE_EVERY`], a new preference or a new source.
    fn choose(
        &mut self,
        egress: &mut Egress,
        track: &Track,
        current: Option<usize>,
        sound_bps: u64,
        now: Instant,
    ) -> Option<Choice> {
        let is_young = |it: &Chosen| {
            it.epoch == track.epoch && now.saturating_duration_since(it.at) < CHOOSE_EVERY
        };
        if let Some(chosen) = self.chosen.filter(is_young) {
            return Some(chosen.choice);
        }
        self.rates = (0, 0);
        let mut rungs = [Rung::default(); MAX_RUNGS];
        let n = track.available(&mut rungs, now);
        let rungs = self.wanted.narrow(rungs.get_mut(..n)?, track);
        let estimate_bps = egress.estimate_bps();
        let choice = match estimate_bps {
            Some(estimate_bps) => {
                let current = current.map(|it| (it, self.sending.wanted()));
                // The received rate matters only if the estimate does not exceed the lowest rung.
                let is_ample = rungs.first().is_some_and(|it| it.bps + sound_bps < estimate_bps);
                let arriving_bps = if is_ample { 0 } else { egress.arriving_bps() };
                let loses_much = egress.loses_much();
                let link = Link { estimate_bps, arriving_bps, sound_bps, loses_much };
                self.selector.choose(rungs, current, link, now)?
            }
            None => layer_selector::best(rungs, current)?,
        };
        let best = rungs.last().map(|it| Choice::Layer(it.index, it.point));
        let reason = match choice {
            _ if best != Some(choice) => Reason::Link,
            _ if self.wanted.is_bound() => Reason::Viewer,
            _ => Reason::Publisher,
        };
        self.demand(egress, demand(rungs, choice), sound_bps);
        self.chosen = Some(Chosen { choice, reason, epoch: track.epoch, at: now, estimate_bps });
        Some(choice)
    }

    /// What is sent of it, and what would be next, in bit/s. The demand of a viewer with guests is set once they are
    /// served.
    fn demand(&mut self, egress: &mut Egress, (sent, next): (u64, u64), sound_bps: u64) {
        self.rates = (sent, next);
        if self.sending.line().seat.is_host() {
            egress.set_demand(sent + sound_bps, if next == 0 { 0 } else { next + sound_bps });
        }
    }

    /// The bitrates of the last choice and of the next rung that is worth a probe (0: there is none), in bit/s.
    pub(super) fn rates(&self) -> (u64, u64) {
        self.rates
    }

    /// Whether the viewer wants no picture.
    pub(super) fn is_refused(&self) -> bool {
        self.wanted.refuses().is_some()
    }

    /// The sequence number of the last packet sent.
    pub(super) fn last_seq(&self) -> Option<u16> {
        self.sending.at.and(self.sending.rewriter.last_seq())
    }

    /// Whether the packet with this sequence number was retransmitted already.
    pub(super) fn was_repeated(&self, seq: u16) -> bool {
        self.sending.sent.as_ref().is_some_and(|it| it.was_repeated(seq))
    }

    /// The packet that was sent with this sequence number, as it was sent; `None` if it is no longer known
    /// or was retransmitted within the last `gap_ms`.
    pub(super) fn sent<'a>(
        &mut self,
        seq: u16,
        gap_ms: u64,
        track: &'a Track,
        now: Instant,
    ) -> Option<Outgoing<'a>> {
        let sent = self.sending.sent.as_mut().and_then(|it| it.repeat(seq, gap_ms, now));
        // A packet of another layer is from before the last keyframe, so the viewer does not need it.
        let is_current =
            |it: &Source| it.epoch == track.epoch && Some(it.layer) == self.layer(track);
        let (position, source, how) = sent.filter(|it| is_current(&it.1))?;
        let layer = track.layers.get(source.layer)?;
        let packet = layer.ring.get(layer.ring.recent(position))?;
        let pictures = source.pictures.without(how.dropped);
        let Line { seat, kind } = self.sending.line();
        let mut outgoing = Outgoing {
            seat,
            kind,
            payload_type: source.payload_type,
            seq: seq.into(),
            ts: source.numbering.timestamp(packet.ts),
            padding: 0,
            marker: packet.marker || how.is_last,
            header_ext: &packet.header_ext,
            dependency: packet.dependency.as_ref().map(|it| it.numbered(source.frames)),
            payload: &packet.payload,
            vp8_patch: packet.vp8.as_ref().and_then(|it| pictures.patch(it)),
            captured: packet.captured,
        };
        if how.is_empty {
            outgoing.empty();
        }
        Some(outgoing)
    }

    /// Whether the viewer needs a keyframe to get to the chosen operating point. A larger picture begins
    /// with one. More frames need one only if the encoder sends no other switch point within [`ASCENT`].
    fn lags(&mut self, layer: &Layer, now: Instant) -> bool {
        let Some(current) = self.sending.lags() else {
            self.lags_since = None;
            return false;
        };
        let wanted = self.sending.wanted().common(layer.top());
        if current.contains(wanted) {
            self.lags_since = None;
            return false;
        }
        let since = *self.lags_since.get_or_insert(now);
        current.spatial < wanted.spatial || now.saturating_duration_since(since) >= ASCENT
    }
}

/// The keyframe at which a viewer can switch to this layer without seeing the past again.
fn fresh_keyframe(layer: &Layer, now: Instant) -> Option<Start> {
    layer.ring.start(now).filter(|it| now.saturating_duration_since(it.arrived) <= SWITCH_AGE)
}
