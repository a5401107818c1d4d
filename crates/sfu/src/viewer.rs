//! One viewer of a room: where it stands in the ring of each track, which layer it follows, and
//! its own numbering. It reads the rings; it can slow nobody.

pub(crate) mod cursor;
pub(crate) mod intermittent;
pub(crate) mod layer_selector;
pub(crate) mod pacer;
pub(crate) mod pending_checks;
mod preference;
mod report;
pub(crate) mod rewriter;
pub(crate) mod sent_log;
pub(crate) mod svc_filter;
pub(crate) mod video;

use std::time::Instant;

use self::cursor::Sending;
use self::pending_checks::{Early, PendingCheck};
pub(crate) use self::report::Sent;
use self::video::VideoSender;
use crate::CloseReason;
use crate::config::Config;
use crate::core::outbox::Outbox;
use crate::datagram::Datagram;
use crate::egress::Egress;
use crate::egress::outgoing::Output;
use crate::media::svc::OperatingPoint;
use crate::room::ring::Start;
use crate::room::track::{Layer, Track};
use crate::transport::Receipt;
use crate::viewer::sent_log::SentLog;
use media_api::MediaKind;
use media_api::Preference;

/// Packets that are sent again twice at a time: more were asked for by a viewer whose link is down, which
/// a keyframe helps better.
const MAX_URGENT: usize = 32;

/// Packets that a probe is filled up with in one go: 5 ms of 20 Mbit/s.
const MAX_FILLING: usize = 12;

/// One viewer.
#[derive(Debug)]
pub(crate) struct Viewer {
    /// Its sending half.
    pub(crate) egress: Box<Egress>,
    /// When its timer is set for, so that a timer which stays is not set again.
    pub(crate) timer_at: Option<Instant>,
    /// What waits for its answer.
    early: Early,
    audio: Sending,
    video: VideoSender,
}

/// What a viewer needs after it was pumped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// A keyframe of this layer.
    keyframe: Option<usize>,
    /// To be pumped again at this time, without anything new having come.
    again_at: Option<Instant>,
    /// That the control plane is told what it is sent.
    sent: Option<Sent>,
}

impl Needs {
    /// Takes what is needed after a second look.
    fn renew(&mut self, later: Self) {
        *self = Self { sent: later.sent.or(self.sent), ..later };
    }
}

/// What came of serving a viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    /// ICE and DTLS came up.
    pub(crate) connected: bool,
    /// A keyframe of this layer is needed.
    pub(crate) keyframe: Option<usize>,
    /// When it is to be served again, whatever comes.
    pub(crate) deadline: Instant,
    /// Why it is over, once it is.
    pub(crate) closed: Option<CloseReason>,
    /// What it is sent of the picture, when that is to be told.
    pub(crate) sent: Option<Sent>,
}

impl Served {
    /// Whether there is nothing to be done but to wait, with a timer that is set.
    pub(crate) fn is_quiet(&self, timer_at: Option<Instant>) -> bool {
        !self.connected
            && self.keyframe.is_none()
            && self.closed.is_none()
            && self.sent.is_none()
            // An earlier one finds that there is nothing to do yet: cheaper than to move it each time.
            && timer_at.is_some_and(|at| at <= self.deadline)
    }
}

/// What a room shows its viewers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stage<'a> {
    /// Sound.
    pub(crate) audio: &'a Track,
    /// Picture.
    pub(crate) video: &'a Track,
    /// Whether they see it.
    pub(crate) on_air: bool,
}

impl Viewer {
    /// A viewer that was sent nothing yet.
    pub(crate) fn new(egress: Box<Egress>, config: &Config) -> Self {
        let audio = Sending::new(config, None);
        let (video, early) = (VideoSender::new(config), Early::default());
        Self { egress, timer_at: None, audio, video, early }
    }

    /// Takes a datagram that came in at a worker's socket.
    pub(crate) fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        origin: u8,
        now: Instant,
        out: &mut Outbox,
    ) -> Receipt {
        let receipt = self.egress.handle_datagram(datagram, now, out);
        if receipt == Receipt::Early {
            self.early.keep(datagram, origin);
        }
        receipt
    }

    /// Hands over the checks that came before its answer.
    pub(crate) fn take_pending_checks(&mut self) -> Vec<PendingCheck> {
        self.early.take()
    }

    /// Takes what it wants of the picture.
    pub(crate) fn prefer(&mut self, preference: &Preference) {
        self.video.prefer(preference);
    }

    /// The layers that it watches, and wants to.
    pub(crate) fn watches(&self, track: &Track) -> [Option<usize>; 2] {
        self.video.watches(track)
    }

    /// Leaves the room's rings, for others where positions mean something else. Its numbering goes on.
    pub(crate) fn park(&mut self) {
        self.timer_at = None;
        self.video.park();
        for sending in [&mut self.audio, &mut self.video.sending] {
            sending.at = None;
            sending.unplayable = None;
            sending.sent = sending.sent.as_ref().map(|_| SentLog::default());
        }
    }

    /// Reads a little of what serving it reads: with thousands of viewers each is out of the processor's
    /// caches by its turn, and waiting for memory is a good part of what a packet costs. Reading it while
    /// another viewer is served has the waits overlap.
    pub(crate) fn warm(&self) -> u64 {
        self.egress.warm().wrapping_add(u64::from(self.audio.at.is_some()))
    }

    /// The same for what is found by what [`Self::warm`] reads, so one viewer later.
    pub(crate) fn warm_logs(&self) -> u64 {
        self.egress.warm_logs().wrapping_add(self.video.warm_log())
    }

    /// Lets time pass for it, and forwards what is new.
    pub(crate) fn serve(&mut self, stage: Stage<'_>, now: Instant, out: &mut Outbox) -> Served {
        let mut needs = self.pump(stage, now, out);
        self.egress.handle_timeout(now);
        let mut connected = false;
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
                Output::Timeout(at) => {
                    if !is_last && self.again(stage.video, now, out) {
                        is_last = true;
                        continue;
                    }
                    return Served {
                        connected,
                        keyframe: needs.keyframe,
                        deadline: needs.again_at.map_or(at, |again| again.min(at)),
                        closed: self.egress.closed(),
                        sent: needs.sent,
                    };
                }
            }
        }
    }

    /// Sends again what the viewer missed, and what a probe of its link is filled up with. Returns
    /// whether anything was sent.
    fn again(&mut self, track: &Track, now: Instant, out: &mut Outbox) -> bool {
        let mut any = false;
        // What got lost twice, or is likely to, is what the picture stands still for: it goes out twice,
        // after the rest, since what is lost is often lost in a row.
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
        // The newest first: most useful to a viewer that lost them. Padding alone until the viewer is known
        // to read the picture.
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

    /// Forwards what is new in the tracks.
    fn pump(&mut self, stage: Stage<'_>, now: Instant, out: &mut Outbox) -> Needs {
        if !stage.on_air || !self.egress.is_connected() {
            return Needs::default();
        }
        // The picture first: its packets are larger, and a smaller one may end a message.
        let sound_bps = stage.audio.layers.first().map_or(0, Layer::bps);
        let mut needs = self.video.pump(&mut self.egress, stage.video, sound_bps, now, out);
        match self.video.report(stage.video, now) {
            Ok(sent) => needs.sent = sent,
            Err(at) => needs.again_at = Some(needs.again_at.map_or(at, |it| it.min(at))),
        }
        self.pump_audio(stage.audio, now, out);
        needs
    }

    /// Negotiated anew: payload types may differ.
    pub(crate) fn renegotiated(&mut self) {
        for sending in [&mut self.audio, &mut self.video.sending] {
            sending.unplayable = None;
            sending.is_renegotiated = true;
        }
    }

    fn pump_audio(&mut self, track: &Track, now: Instant, out: &mut Outbox) {
        let Some(layer) = track.layers.first() else { return };
        let sending = &mut self.audio;
        if sending.at.is_none_or(|it| it.epoch != track.epoch) {
            // Sound begins at the live edge: old sound would only be delay.
            let Some(newest) = layer.ring.newest() else { return };
            let start = Start {
                position: layer.ring.head() - 1,
                first_seq: newest.seq,
                ts: newest.ts,
                arrived: newest.arrived,
            };
            sending.begin(
                &self.egress,
                MediaKind::Audio,
                track,
                0,
                OperatingPoint::WHOLE,
                start,
                now,
            );
        }
        sending.forward(&mut self.egress, MediaKind::Audio, layer, None, now, out);
    }
}
