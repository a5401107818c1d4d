//! One viewer of a room: its position in the ring of each track, the layer that it is sent, and the
//! numbering of its packets. It only reads the rings, so it cannot slow down other viewers.

pub(crate) mod cursor;
mod freeze;
mod guests;
pub(crate) mod intermittent;
pub(crate) mod layer_selector;
pub(crate) mod pacer;
pub(crate) mod past;
pub(crate) mod pending_checks;
mod preference;
mod report;
pub(crate) mod rewriter;
pub(crate) mod sent_log;
pub(crate) mod svc_filter;
pub(crate) mod video;

use std::time::Instant;

use self::cursor::Sending;
use self::guests::{Claims, Guests};
use self::past::{Past, PastNews};
use self::pending_checks::{PendingCheck, PendingChecks};
pub(crate) use self::report::Sent;
use self::video::VideoSender;
use crate::CloseReason;
use crate::config::{Config, FirstNumbers};
use crate::core::outbox::Outbox;
use crate::datagram::Datagram;
use crate::egress::outgoing::Output;
use crate::egress::{CaptureTime, Egress};
use crate::ingress::Inbound;
use crate::room::guest::Guest;
use crate::room::track::{Layer, Track};
use crate::transport::sdp::Line;
use crate::transport::{Plain, Receipt};
use media_api::{MediaKind, PastOrder, Preference, Seat};

/// The most packets that are retransmitted twice at a time. A viewer that requests more has a link that
/// is down, and a keyframe helps it better.
const MAX_URGENT: usize = 32;

/// The most packets that fill a probe at a time: 5 ms of 20 Mbit/s.
const MAX_FILLING: usize = 12;

/// One viewer.
#[derive(Debug)]
pub(crate) struct Viewer {
    pub(crate) egress: Box<Egress>,
    /// The deadline of its timer, so that an unchanged timer is not set again.
    pub(crate) timer_at: Option<Instant>,
    /// Connectivity checks that wait for its answer.
    pending: PendingChecks,
    audio: Sending,
    video: VideoSender,
    /// What it is sent in the place of what is live.
    past: Option<Box<Past>>,
    /// How often it was.
    n_pasts: u32,
    /// Exists once it was sent a guest.
    guests: Option<Box<Guests>>,
    /// What it publishes on the same connection, as a guest of the basic profile.
    inbound: Option<Box<Inbound>>,
    /// The numbers that its streams begin with.
    first: FirstNumbers,
    /// What the workers counted where it was before.
    counted: media_api::Egress,
}

/// What a viewer needs after [`Viewer::pump`].
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// A keyframe of this layer.
    keyframe: Option<usize>,
    /// Another pump at this time, even if no packet comes.
    again_at: Option<Instant>,
    /// A report to the control plane of what it is sent.
    sent: Option<Sent>,
}

impl Needs {
    /// Takes over the needs of a later pump; a report that was due before stays due.
    fn renew(&mut self, later: Self) {
        *self = Self { sent: later.sent.or(self.sent), ..later };
    }
}

/// The result of serving a viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    /// Whether ICE and DTLS have just connected.
    pub(crate) connected: bool,
    /// The layer that it needs a keyframe of.
    pub(crate) keyframe: Option<usize>,
    /// Whether it has published packets for the room.
    pub(crate) has_media: bool,
    /// Whether it needs keyframes of guests.
    pub(crate) wants_guests: bool,
    /// When to serve it again, even without input.
    pub(crate) deadline: Instant,
    /// Why the session is over, if it is.
    pub(crate) closed: Option<CloseReason>,
    /// The report of the video it is sent, if one is due.
    pub(crate) sent: Option<Sent>,
    /// The report of when the media that it is sent were captured, if one is due.
    pub(crate) captured: Option<CaptureTime>,
    /// What it asks for of the past.
    pub(crate) past: Option<PastNews>,
}

impl Served {
    /// Whether there is nothing to do, and the timer is set pending enough.
    pub(crate) fn is_quiet(&self, timer_at: Option<Instant>) -> bool {
        !self.connected
            && self.keyframe.is_none()
            && !self.wants_guests
            && !self.has_media
            && self.closed.is_none()
            && self.sent.is_none()
            && self.captured.is_none()
            && self.past.is_none()
            // A timer that fires too pending costs less than moving it each time.
            && timer_at.is_some_and(|at| at <= self.deadline)
    }
}

/// The media of a room, as viewers read it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stage<'a> {
    pub(crate) audio: &'a Track,
    pub(crate) video: &'a Track,
    /// Whether the media are forwarded to the viewers.
    pub(crate) on_air: bool,
    /// The seats that guests have or had.
    pub(crate) guests: &'a [Guest],
    /// Who speaks.
    pub(crate) speaker: Option<Seat>,
}

impl<'a> Stage<'a> {
    fn guest(self, seat: Seat) -> Option<&'a Guest> {
        self.guests.iter().find(|it| it.seat == seat)
    }
}

impl Viewer {
    /// A viewer that has been sent nothing yet.
    pub(crate) fn new(egress: Box<Egress>, config: &Config) -> Self {
        let first = config.first_numbers();
        let sound = Line { seat: Seat::HOST, kind: MediaKind::Audio };
        let (audio, video) =
            (Sending::new(sound, first, None), VideoSender::new(Seat::HOST, first));
        let pending = PendingChecks::default();
        let counted = media_api::Egress::default();
        let (guests, inbound) = (None, None);
        Self {
            egress,
            timer_at: None,
            audio,
            video,
            pending,
            past: None,
            n_pasts: 0,
            guests,
            inbound,
            first,
            counted,
        }
    }

    /// Handles a datagram that the worker `origin` received.
    pub(crate) fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        origin: u8,
        now: Instant,
        out: &mut Outbox,
    ) -> Receipt {
        let Self { egress, inbound, .. } = self;
        let receipt = match inbound {
            None => egress.handle_datagram(datagram, now, out, None),
            Some(inbound) => {
                let mut publishes = |plain: Plain<'_>| inbound.take(plain, now);
                egress.handle_datagram(datagram, now, out, Some(&mut publishes))
            }
        };
        if receipt == Receipt::Pending {
            self.pending.keep(datagram, origin);
        }
        receipt
    }

    /// It publishes, too.
    pub(crate) fn set_inbound(&mut self, inbound: Inbound) {
        self.egress.set_both_ways();
        self.inbound = Some(Box::new(inbound));
    }

    /// What it publishes, if it does.
    pub(crate) fn inbound(&mut self) -> Option<&mut Inbound> {
        self.inbound.as_deref_mut()
    }

    /// Whether it publishes, too: then it stays at its room's home.
    pub(crate) fn publishes(&self) -> bool {
        self.inbound.is_some()
    }

    /// Sends what is due to it as a publisher; returns when it is due again.
    fn serve_inbound(&mut self, now: Instant, out: &mut Outbox) -> Option<Instant> {
        let inbound = self.inbound.as_mut()?;
        // Before it is connected nothing is due.
        let (keys, path) = self.egress.rtcp_out()?;
        inbound.send_rtcp(keys, path, now, out);
        Some(inbound.deadline(now))
    }

    /// Removes and returns the checks that arrived before its answer.
    pub(crate) fn take_pending_checks(&mut self) -> Vec<PendingCheck> {
        self.pending.take()
    }

    /// Sets the viewer's preference.
    pub(crate) fn prefer(&mut self, preference: &Preference) {
        self.video.prefer(preference);
        if let Some(guests) = &mut self.guests {
            guests.prefer(preference);
        }
    }

    /// The layer that it is sent, and the layer that it is to be sent.
    pub(crate) fn watches(&self, track: &Track) -> [Option<usize>; 2] {
        self.video.watches(track)
    }

    /// Forgets its positions in the rings, before it migrates to a worker whose rings have other
    /// positions. Its numbering goes on.
    pub(crate) fn park(&mut self) {
        self.timer_at = None;
        self.video.park();
        self.audio.park();
        self.video.sending.park();
        if let Some(guests) = &mut self.guests {
            guests.park();
        }
    }

    /// What it was sent at this worker.
    pub(crate) fn figures(&self) -> media_api::Egress {
        let mut figures = self.egress.figures();
        figures.freezes = self.video.freezes.n;
        figures.frozen_ms = self.video.freezes.ms;
        figures.since(&self.counted)
    }

    /// What it published.
    pub(crate) fn inbound_figures(&self) -> media_api::Ingress {
        self.inbound.as_ref().map(|it| it.figures()).unwrap_or_default()
    }

    /// The bandwidth estimate of its link, in kbit/s.
    pub(crate) fn estimate_kbps(&self) -> Option<u32> {
        let bps = self.egress.estimate_bps()?;
        Some(u32::try_from(bps / 1_000).unwrap_or(u32::MAX))
    }

    /// The same for the last time here: it leaves this worker.
    pub(crate) fn take_figures(&mut self) -> media_api::Egress {
        let figures = self.figures();
        self.counted += figures;
        figures
    }

    /// Reads a little of the data that serving it reads. With thousands of viewers each has left the
    /// processor's caches by its turn, and waiting for memory is a good part of the cost of a packet.
    /// Reading while another viewer is served makes the waits overlap.
    pub(crate) fn warm(&self) -> u64 {
        self.egress.warm().wrapping_add(u64::from(self.audio.at.is_some()))
    }

    /// The same for the data that [`Self::warm`] leads to, so it is called one viewer later.
    pub(crate) fn warm_logs(&self) -> u64 {
        self.egress.warm_logs().wrapping_add(self.video.warm_log())
    }

    /// Sends it the past of its room, or what is live again.
    pub(crate) fn order_past(&mut self, order: PastOrder, stage: Stage<'_>) {
        match order {
            PastOrder::Begin(piece) => {
                self.n_pasts = self.n_pasts.wrapping_add(1);
                let mut past = Box::new(Past::new(stage, self.n_pasts));
                past.take(piece);
                self.past = Some(past);
            }
            PastOrder::More(piece) => {
                if let Some(past) = &mut self.past {
                    past.take(piece);
                }
            }
            PastOrder::Speed(percent) => {
                if let Some(past) = &mut self.past {
                    past.set_speed(percent);
                }
            }
            PastOrder::Pause => {
                let n = self.n_pasts;
                self.past.get_or_insert_with(|| Box::new(Past::new(stage, n))).pause();
            }
            PastOrder::End => self.past = None,
        }
        self.timer_at = None;
    }

    /// Runs its timers and forwards new packets.
    pub(crate) fn serve(&mut self, stage: Stage<'_>, now: Instant, out: &mut Outbox) -> Served {
        let Some(mut past) = self.past.take() else { return self.serve_stage(stage, now, out) };
        let sent = self.video.sending.at.map(|it| (it.epoch, it.next));
        let (again_at, news) = past.feed(sent, now);
        let mut served = self.serve_stage(past.stage(), now, out);
        // The host's keyframes are of no use to it.
        served.keyframe = None;
        served.deadline = again_at.map_or(served.deadline, |at| at.min(served.deadline));
        served.past = news;
        if news != Some(PastNews::Over) {
            self.past = Some(past);
        }
        served
    }

    fn serve_stage(&mut self, stage: Stage<'_>, now: Instant, out: &mut Outbox) -> Served {
        let mut needs = self.pump(stage, now, out);
        self.egress.handle_timeout(now);
        let (mut connected, mut captured) = (false, None);
        let mut is_last = false;
        loop {
            match self.egress.poll(now, out) {
                Output::Connected => {
                    connected = true;
                    needs.renew(self.pump(stage, now, out));
                }
                Output::KeyframeWanted => {
                    let wanted = self.video.keyframe_wanted(stage.video, now);
                    needs.keyframe = needs.keyframe.or(wanted);
                }
                Output::Captured(time) => captured = Some(time),
                Output::Timeout(at) => {
                    if !is_last && self.again(stage, now, out) {
                        is_last = true;
                        continue;
                    }
                    let inbound_at = self.serve_inbound(now, out);
                    let due = [Some(at), needs.again_at, inbound_at].into_iter().flatten().min();
                    let inbound = self.inbound.as_ref();
                    return Served {
                        connected,
                        has_media: inbound.is_some_and(|it| it.has_media(now)),
                        keyframe: needs.keyframe,
                        wants_guests: self.guests.as_ref().is_some_and(|it| it.wants_any()),
                        deadline: due.unwrap_or(at),
                        closed: self.egress.closed().or(inbound.and_then(|it| it.closed())),
                        sent: needs.sent,
                        captured,
                        past: None,
                    };
                }
            }
        }
    }

    /// Retransmits the packets that the viewer misses, and sends packets that fill a probe of its link.
    /// Returns whether anything was sent.
    fn again(&mut self, stage: Stage<'_>, now: Instant, out: &mut Outbox) -> bool {
        if self.egress.is_full() {
            return false;
        }
        let track = stage.video;
        let mut any = match &mut self.guests {
            Some(guests) => guests.answer(&mut self.egress, stage, now, out),
            None => false,
        };
        // The picture freezes until a packet that was lost twice arrives. Such a packet, and on a lossy
        // link each, is sent twice. The second copies follow the others, since losses come in bursts.
        let mut urgent = [0; MAX_URGENT];
        let mut n_urgent = 0;
        while let Some(seq) = self.egress.next_request() {
            let gap = self.egress.repeat_gap_ms();
            let is_urgent = self.egress.is_lossy() || self.video.was_repeated(seq);
            if let Some(packet) = self.video.sent(seq, gap, track, now) {
                self.egress.repeat(&packet, now, out);
                any = true;
                if let Some(slot) = urgent.get_mut(n_urgent).filter(|_| is_urgent) {
                    *slot = seq;
                    n_urgent += 1;
                }
            }
        }
        for &seq in &urgent[..n_urgent] {
            if let Some(packet) = self.video.sent(seq, 0, track, now) {
                self.egress.repeat(&packet, now, out);
            }
        }
        // A probe is filled with the newest packets first, the most useful to a viewer that lost them;
        // with padding only until the viewer is known to read the video.
        let mut seq = self.video.last_seq().filter(|_| self.egress.is_picture_read());
        for _ in 0..MAX_FILLING {
            if self.egress.probe_bytes(now) == 0 {
                break;
            }
            let packet = seq.and_then(|seq| self.video.sent(seq, 0, track, now));
            self.egress.fill(packet.as_ref(), now, out);
            seq = seq.map(|it| it.wrapping_sub(1));
            any = true;
        }
        any
    }

    /// Forwards new packets of the tracks.
    fn pump(&mut self, stage: Stage<'_>, now: Instant, out: &mut Outbox) -> Needs {
        if !self.egress.is_connected() {
            return Needs::default();
        }
        let Some(guests) = &self.guests else {
            return match stage.on_air {
                true => self.pump_host(stage, Claims::default(), now, out),
                false => Needs::default(),
            };
        };
        let claims = guests.claims(stage, self.egress.estimate_bps(), now);
        let mut needs = match stage.on_air {
            true => self.pump_host(stage, claims, now, out),
            false => Needs::default(),
        };
        let sound_bps = stage.audio.layers.first().map_or(0, Layer::bps) + claims.sound;
        let Self { guests, egress, video, .. } = self;
        if let Some(guests) = guests {
            let again_at = guests.pump(egress, stage, (video, sound_bps), now, out);
            needs.again_at = [needs.again_at, again_at].into_iter().flatten().min();
        }
        needs
    }

    /// Forwards new packets of the host's tracks.
    fn pump_host(
        &mut self,
        stage: Stage<'_>,
        claims: Claims,
        now: Instant,
        out: &mut Outbox,
    ) -> Needs {
        // Video first: its packets are larger, and the last segment of a message may be smaller.
        let sound_bps = stage.audio.layers.first().map_or(0, Layer::bps);
        let others_bps = sound_bps + claims.sound + claims.kept;
        let mut needs = self.video.pump(&mut self.egress, stage.video, others_bps, now, out);
        match self.video.report(stage.video, now) {
            Ok(sent) => needs.sent = sent,
            Err(at) => needs.again_at = Some(needs.again_at.map_or(at, |it| it.min(at))),
        }
        self.audio.pump_sound(&mut self.egress, stage.audio, now, out);
        needs
    }

    /// Looks up the payload types again after a renegotiation, which may change them, and takes over the guests.
    pub(crate) fn renegotiated(&mut self) {
        self.audio.renegotiated();
        self.video.sending.renegotiated();
        let Self { guests, egress, first, video, .. } = self;
        if guests.is_some() || egress.guest_lines().next().is_some() {
            let guests = guests.get_or_insert_default();
            guests.negotiated(egress, *first, video.is_refused());
        }
    }

    /// The next guest and layer that it needs a keyframe of.
    pub(crate) fn next_guest_wanted(&mut self) -> Option<(Seat, usize)> {
        self.guests.as_mut()?.next_wanted()
    }
}
