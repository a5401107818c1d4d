//! Guests on stage, as one viewer is sent them. Most viewers have none.

use std::time::Instant;

use super::cursor::Sending;
use super::video::VideoSender;
use super::{Preference, Stage};
use crate::config::FirstNumbers;
use crate::core::outbox::Outbox;
use crate::egress::Egress;
use crate::room::guest::Guest;
use crate::room::track::Track;
use crate::transport::sdp::Line;
use media_api::{Cap, MediaKind, Seat};

/// Of the link, the part that is kept for the lowest layers of guests before the host has a better one.
const KEPT_ONE_IN: u64 = 4;

/// The guests that one viewer is sent, or was: their numbering goes on when another guest takes the seat. At most
/// [`media_api::MAX_GUESTS`].
#[derive(Debug, Default)]
pub(super) struct Guests {
    all: Vec<GuestSender>,
}

/// Sound and picture of one seat.
#[derive(Debug)]
struct GuestSender {
    seat: Seat,
    audio: Sending,
    video: VideoSender,
    /// Whether the viewer's description has it now.
    is_shown: bool,
    /// The layer that the viewer needs a keyframe of.
    wants: Option<usize>,
}

/// Who is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// The host's.
    SecondPicture,
    Speaker,
    Other,
}

impl Rank {
    fn of(seat: Seat, speaker: Option<Seat>) -> Self {
        match seat {
            Seat::SECOND => Self::SecondPicture,
            _ if speaker == Some(seat) => Self::Speaker,
            _ => Self::Other,
        }
    }
}

/// What guests take of a viewer's link, in bit/s.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Claims {
    /// All their sound.
    pub(super) sound: u64,
    /// What is kept for their lowest layers.
    pub(super) kept: u64,
}

impl Guests {
    /// Takes over which guests the viewer's description has. `refuses`: the viewer wants no picture.
    pub(super) fn negotiated(&mut self, egress: &Egress, first: FirstNumbers, refuses: bool) {
        for it in &mut self.all {
            it.is_shown = false;
        }
        for Line { seat, .. } in egress.guest_lines() {
            let at = self.all.iter().position(|it| it.seat == seat).unwrap_or_else(|| {
                self.all.push(GuestSender::new(seat, first));
                self.all.len() - 1
            });
            let it = &mut self.all[at];
            it.is_shown = true;
            it.audio.renegotiated();
            it.video.sending.renegotiated();
            if refuses {
                it.video.prefer(&Preference { cap: Cap::SoundOnly, is_hidden: false });
            }
        }
        for it in self.all.iter_mut().filter(|it| !it.is_shown) {
            it.park();
        }
    }

    /// Whether the viewer wants pictures at all; which layer is the host's matter.
    pub(super) fn prefer(&mut self, preference: &Preference) {
        let cap = match preference.cap {
            Cap::SoundOnly => Cap::SoundOnly,
            Cap::None | Cap::Layer(_) => Cap::None,
        };
        let preference = Preference { cap, is_hidden: preference.is_hidden };
        self.all.iter_mut().for_each(|it| it.video.prefer(&preference));
    }

    /// See [`super::Viewer::park`].
    pub(super) fn park(&mut self) {
        self.all.iter_mut().for_each(GuestSender::park);
    }

    /// What guests take of a link of this estimate.
    pub(super) fn claims(
        &self,
        stage: Stage<'_>,
        estimate_bps: Option<u64>,
        now: Instant,
    ) -> Claims {
        let guests =
            || self.all.iter().filter(|it| it.is_shown).filter_map(|it| stage.guest(it.seat));
        let lowest: u64 = guests().map(|it| it.video.lowest_bps(now)).sum();
        let most = estimate_bps.map_or(u64::MAX, |it| it / KEPT_ONE_IN);
        Claims { sound: guests().map(Guest::sound_bps).sum(), kept: lowest.min(most) }
    }

    /// Forwards new packets. `host` has been served and `sound_bps` is the sound of all: the host's second picture is
    /// next, then who speaks, then the others. Returns when to serve the viewer again, even without a packet.
    pub(super) fn pump(
        &mut self,
        egress: &mut Egress,
        stage: Stage<'_>,
        (host, sound_bps): (&VideoSender, u64),
        now: Instant,
        out: &mut Outbox,
    ) -> Option<Instant> {
        let mut claims = self.claims(stage, egress.estimate_bps(), now);
        let (mut used, mut next) = if stage.on_air { host.rates() } else { (0, 0) };
        next = next.saturating_sub(used);
        used += sound_bps;
        let mut again_at: Option<Instant> = None;
        for rank in [Rank::SecondPicture, Rank::Speaker, Rank::Other] {
            for it in self.all.iter_mut().filter(|it| it.is_shown) {
                if Rank::of(it.seat, stage.speaker) != rank {
                    continue;
                }
                let Some(guest) = stage.guest(it.seat) else { continue };
                claims.kept = claims.kept.saturating_sub(guest.video.lowest_bps(now));
                let needs = it.video.pump(egress, &guest.video, used + claims.kept, now, out);
                it.wants = needs.keyframe.or(it.wants);
                again_at = [again_at, needs.again_at].into_iter().flatten().min();
                let (sent, better) = it.video.rates();
                used += sent;
                if next == 0 {
                    next = better.saturating_sub(sent);
                }
                it.audio.pump_sound(egress, &guest.audio, now, out);
            }
        }
        egress.set_demand(used, if next == 0 { 0 } else { used + next });
        again_at
    }

    /// Takes the viewer's requests for keyframes, and sends again what it misses. Returns whether anything was sent.
    pub(super) fn answer(
        &mut self,
        egress: &mut Egress,
        stage: Stage<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> bool {
        while let Some(seat) = egress.next_guest_without_picture() {
            if let Some((it, track)) = self.find(seat, stage) {
                it.wants = it.video.keyframe_wanted(track, now).or(it.wants);
            }
        }
        let mut any = false;
        while let Some((seat, seq)) = egress.next_request_of_guest() {
            let gap = egress.repeat_gap_ms();
            let Some((it, track)) = self.find(seat, stage) else { continue };
            if let Some(packet) = it.video.sent(seq, gap, track, now) {
                egress.repeat(&packet, now, out);
                any = true;
            }
        }
        any
    }

    fn find<'a>(&mut self, seat: Seat, stage: Stage<'a>) -> Option<(&mut GuestSender, &'a Track)> {
        let it = self.all.iter_mut().find(|it| it.seat == seat && it.is_shown)?;
        Some((it, &stage.guest(seat)?.video))
    }

    /// Whether the viewer needs a keyframe of a guest.
    pub(super) fn wants_any(&self) -> bool {
        self.all.iter().any(|it| it.wants.is_some())
    }

    /// The next guest and layer that the viewer needs a keyframe of.
    pub(super) fn next_wanted(&mut self) -> Option<(Seat, usize)> {
        self.all.iter_mut().find_map(|it| Some((it.seat, it.wants.take()?)))
    }
}

impl GuestSender {
    fn new(seat: Seat, first: FirstNumbers) -> Self {
        Self {
            seat,
            audio: Sending::new(Line { seat, kind: MediaKind::Audio }, first, None),
            video: VideoSender::new(seat, first),
            is_shown: false,
            wants: None,
        }
    }

    fn park(&mut self) {
        self.video.park();
        self.audio.park();
        self.video.sending.park();
        self.wants = None;
    }
}
