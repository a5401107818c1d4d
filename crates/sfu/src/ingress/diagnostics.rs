//! What is wrong with what a publisher sends: looks at each of its packets once, and says now and then what
//! it found. Pure: no clock, no socket.
//!
//! The packets are only counted: [`Ingest::take`] allocates nothing, and its cost depends neither on a
//! packet's length nor on how much came before. What follows from the counts is decided in
//! [`Ingest::review`], once a second. While nothing comes, nothing is found and nothing is over; while no picture
//! comes, nothing of that.
//!
//! Deliberately absent: words for people (`server`), and anything that is done about it.

mod ceiling;
pub(crate) mod debounce;
mod keyframes;
mod offered;
#[cfg(test)]
mod tests;
mod uplink;

use std::time::{Duration, Instant};

use self::ceiling::Ceiling;
pub(crate) use self::ceiling::Limits;
use self::debounce::Debounce;
use self::keyframes::{ANSWER_WITHIN, Keyframes, LONGEST_INTERVAL};
use self::offered::Offered;
use self::uplink::Uplink;

use crate::ingress::received::Tally;
use crate::media::codec::h264;
use crate::media::packet::{Packet, ts_is_newer};
use crate::media::stream_key::MAX_LAYERS;
use crate::{Codec, Finding};

/// How often it is decided what the counts say.
const REVIEW_EVERY: Duration = Duration::from_secs(1);

/// A stream flows when its last packet is younger: slides are sent once a second.
const FLOWS_WITHIN: Duration = Duration::from_millis(1_500);

/// A stream that was silent for this long is another one when it comes again.
const FORGET_AFTER: Duration = Duration::from_secs(5);

/// A picture has been without sound for this long. Discontinuous transmission sends some every 400 ms.
const SOUND_WITHIN: Duration = Duration::from_secs(5);

/// Over how many reviews the bit rate is measured: a keyframe or two is none.
const RATE_OVER: usize = 5;

/// B pictures or steps back in time, of which there are several a second where there are any: one alone is
/// an encoder that was restarted.
const B_SIGNS: u16 = 2;

/// Keyframes without parameter sets for this long, and no start among them.
const SETS_WITHIN: Duration = Duration::from_secs(3);

/// More packets a second that fit no media description are no leftovers of an earlier offer.
const MAX_UNMATCHED: f64 = 10.0;

/// A step back of more than a second, in ticks of 90 kHz, is a clock that was set, not a picture that was
/// sent before an earlier one.
const MAX_STEP_BACK: u32 = 90_000;

/// What is found of a publisher's packets and offer.
#[derive(Debug)]
pub(crate) struct Ingest {
    /// kbit/s; 0: none.
    limit_kbps: u32,
    ceiling: Ceiling,
    /// Packets and kbit of the last second, dropped or not.
    arriving: (u32, u32),
    offered: Offered,
    takes_opus: bool,
    /// The streams of the picture, one a simulcast layer.
    streams: [Option<Stream>; MAX_LAYERS],
    /// Since when a picture has been coming.
    picture_since: Option<Instant>,
    sound_at: Option<Instant>,
    /// Bytes since the last review, and kbit/s in each before, the newest first.
    bytes: u64,
    rates: [Option<f64>; RATE_OVER],
    reviewed_at: Instant,
    uplink: Uplink,
    holds: Debounces,
    told: Vec<Finding>,
}

/// What came since the last review, on all streams.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrivals {
    /// Of sound and picture.
    pub(crate) media: Tally,
    /// Packets that fit no media description.
    pub(crate) unmatched: u32,
}

/// One stream of the picture.
#[derive(Debug)]
struct Stream {
    ssrc: u32,
    last_at: Instant,
    /// The highest sequence number, and the timestamp it came with.
    newest: (u64, u32),
    /// Signs of B pictures since the last review.
    b_signs: u16,
    profile_idc: Option<u8>,
    /// Since when it has no start, for want of parameter sets.
    lacks_sets_since: Option<Instant>,
    keyframes: Keyframes,
}

/// How many reviews each finding takes to come and to go.
#[derive(Debug)]
struct Debounces {
    b_frames: Debounce,
    interval: Debounce,
    ignores_pli: Debounce,
    profile: Debounce,
    no_audio: Debounce,
    bitrate: Debounce,
    ceiling: Debounce,
    unknown: Debounce,
}

impl Default for Debounces {
    fn default() -> Self {
        Self {
            // Encoders leave B pictures out for as long as nothing moves.
            b_frames: Debounce::new(2, 10),
            // One keyframe that got lost makes a long interval, and is no habit.
            interval: Debounce::new(3, 3),
            ignores_pli: Debounce::new(3, 3),
            profile: Debounce::new(1, 1),
            no_audio: Debounce::new(1, 1),
            bitrate: Debounce::new(1, 2),
            ceiling: Debounce::new(1, 2),
            unknown: Debounce::new(2, 2),
        }
    }
}

/// Whether browsers play this `profile_idc` (ITU-T H.264, annex A): Baseline, Main and High.
fn is_playable(profile_idc: u8) -> bool {
    matches!(profile_idc, 66 | 77 | 100)
}

impl Ingest {
    /// Of a publisher whose offer was just taken. `limit_kbps` is [`crate::Config::max_publish_kbps`].
    pub(crate) fn new(limit_kbps: u32, limits: Limits, now: Instant) -> Self {
        Self {
            limit_kbps,
            ceiling: Ceiling::new(limits, now),
            arriving: (0, 0),
            offered: Offered::default(),
            takes_opus: true,
            streams: [const { None }; MAX_LAYERS],
            picture_since: None,
            sound_at: None,
            bytes: 0,
            rates: [None; RATE_OVER],
            reviewed_at: now,
            uplink: Uplink::default(),
            holds: Debounces::default(),
            told: Vec::new(),
        }
    }

    /// It was negotiated: this was offered, and these codecs can flow.
    pub(crate) fn negotiated(&mut self, offer: &str, codecs: &[Codec]) {
        self.offered = Offered::of(offer);
        self.takes_opus = codecs.contains(&Codec::Opus);
    }

    /// A packet with so many bytes of payload came. Whether it is to be looked at: what is above the
    /// ceiling is dropped, before it costs anybody else.
    pub(crate) fn admits(&mut self, bytes: usize, now: Instant) -> bool {
        self.ceiling.takes(bytes, now)
    }

    /// The most that is taken, in kbit/s; 0: no limit.
    pub(crate) fn ceiling_kbps(&self) -> u32 {
        self.ceiling.limits.kbps
    }

    /// Whether more than the ceiling came for so long that the publisher is to be closed.
    pub(crate) fn is_flooded(&self, now: Instant) -> bool {
        self.ceiling.is_flooded(now)
    }

    /// A packet came, of which this is said: its codec, and whether its stream lacks parameter sets. Called for each: it
    /// counts, and no more.
    pub(crate) fn take(&mut self, ssrc: u32, (codec, lacks_sets): (Codec, bool), packet: &Packet) {
        let now = packet.arrived;
        self.bytes += packet.payload.len() as u64;
        if !codec.is_video() {
            self.sound_at = Some(now);
            return;
        }
        self.picture_since.get_or_insert(now);
        let stream = match self
            .streams
            .iter()
            .position(|it| it.as_ref().is_some_and(|it| it.ssrc == ssrc))
        {
            Some(index) => &mut self.streams[index],
            // The one that was silent for longest makes room: there are no more than that at once.
            None => {
                let oldest = |it: &&mut Option<Stream>| it.as_ref().map(|it| it.last_at);
                let Some(slot) = self.streams.iter_mut().min_by_key(oldest) else { return };
                *slot = Some(Stream::new(ssrc, packet));
                slot
            }
        };
        if let Some(stream) = stream {
            stream.take(codec, lacks_sets, packet);
        }
    }

    /// The publisher was asked for a keyframe of this stream.
    pub(crate) fn asked(&mut self, ssrc: u32, now: Instant) {
        if let Some(it) = self.streams.iter_mut().flatten().find(|it| it.ssrc == ssrc) {
            it.keyframes.asked(now);
        }
    }

    /// The stream that the publisher should be asked for a keyframe of, only to learn whether it hears.
    pub(crate) fn worth_asking(&self) -> Option<u32> {
        let mut flowing = self.streams.iter().flatten().filter(|it| it.flows(self.reviewed_at));
        flowing.find(|it| it.keyframes.is_worth_asking()).map(|it| it.ssrc)
    }

    /// Whether it is time for [`Self::review`].
    pub(crate) fn is_review_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.reviewed_at) >= REVIEW_EVERY
    }

    /// Decides what the counts say. Returns all that is found when that is other than it was.
    pub(crate) fn review(&mut self, arrivals: &Arrivals, now: Instant) -> Option<Vec<Finding>> {
        let elapsed = now.saturating_duration_since(self.reviewed_at);
        self.reviewed_at = now;
        self.measure(elapsed);
        self.arriving = self.ceiling.rates(elapsed);
        for slot in &mut self.streams {
            let Some(it) = slot else { continue };
            if now.saturating_duration_since(it.last_at) >= FORGET_AFTER {
                *slot = None;
            } else if it.flows(now) {
                it.keyframes.look(now);
            } else {
                it.keyframes.rests();
            }
        }
        let mut found = if self.streams.iter().flatten().any(|it| it.flows(now)) {
            self.find_in_picture(now)
        } else {
            if self.streams.iter().all(Option::is_none) {
                self.picture_since = None;
            }
            if arrivals.media.sent == 0 && arrivals.unmatched == 0 && !self.ceiling.is_above(now) {
                return None;
            }
            // Sound says nothing of the picture, which may come again.
            self.told.iter().copied().filter(|it| !is_of_path(it)).collect()
        };
        self.find_on_path(arrivals, elapsed, now, &mut found);
        let is_same = found.len() == self.told.len()
            && found.iter().zip(&self.told).all(|(a, b)| a.is_about(b));
        if is_same {
            return None;
        }
        self.told.clone_from(&found);
        Some(found)
    }

    fn measure(&mut self, elapsed: Duration) {
        let new = std::mem::take(&mut self.bytes) as f64 * 8.0 / 1_000.0 / elapsed.as_secs_f64();
        self.rates.rotate_right(1);
        self.rates[0] = Some(new);
    }

    /// What the picture shows of its encoder, and whether sound belongs to it.
    fn find_in_picture(&mut self, now: Instant) -> Vec<Finding> {
        let Self { holds, streams, .. } = self;
        let mut b_signs = 0;
        for stream in streams.iter_mut().flatten() {
            b_signs = b_signs.max(std::mem::take(&mut stream.b_signs));
        }
        let has_b_frames = holds.b_frames.look(b_signs >= B_SIGNS);

        let deaf = streams.iter().flatten().filter(|it| it.flows(now) && it.keyframes.is_deaf());
        let interval = deaf.map(|it| it.keyframes.interval(now)).max().unwrap_or_default();
        let is_far_apart = holds.interval.look(interval > LONGEST_INTERVAL);
        // Where keyframes are closer nobody has to wait for an answer.
        let is_ignoring = holds.ignores_pli.look(interval >= ANSWER_WITHIN);

        let mut profiles = streams.iter().flatten().filter_map(|it| it.profile_idc).peekable();
        let profile = match profiles.peek() {
            Some(_) => profiles.find(|it| !is_playable(*it)),
            // What it says in the stream counts more than what it says beside it.
            None => self.offered.bad_profile,
        };
        let has_bad_profile = holds.profile.look(profile.is_some());

        let lacks_sets = |it: &Stream| {
            it.flows(now)
                && it
                    .lacks_sets_since
                    .is_some_and(|at| now.saturating_duration_since(at) >= SETS_WITHIN)
        };
        let has_no_start = streams.iter().flatten().any(lacks_sets);

        let lacks_opus = self.offered.has_sound && !self.takes_opus;
        let picture_at = streams.iter().flatten().map(|it| it.last_at).max().unwrap_or(now);
        let picture_since = self.picture_since.unwrap_or(now);
        let silent_since = self.sound_at.map_or(picture_since, |at| at.max(picture_since));
        let silence = picture_at.saturating_duration_since(silent_since);
        let is_silent = holds.no_audio.look(silence >= SOUND_WITHIN);

        let mut found = Vec::new();
        let mut add = |holds: bool, finding: Finding| found.extend(holds.then_some(finding));
        add(has_b_frames, Finding::BFrames);
        add(is_far_apart, Finding::KeyframeInterval { interval: at_least(interval, &self.told) });
        add(is_ignoring, Finding::IgnoresPli);
        add(has_bad_profile, Finding::H264Profile { profile_idc: profile.unwrap_or_default() });
        add(has_no_start, Finding::NoParameterSets);
        add(lacks_opus, Finding::NoOpus);
        add(is_silent && !lacks_opus, Finding::NoAudio);
        found
    }

    /// What arrives of all that was sent, and how much that is.
    fn find_on_path(
        &mut self,
        arrivals: &Arrivals,
        elapsed: Duration,
        now: Instant,
        found: &mut Vec<Finding>,
    ) {
        let holds = &mut self.holds;
        // Nothing, until it has been measured for as long.
        let sum: Option<f64> = self.rates.iter().copied().sum();
        let kbps = sum.unwrap_or_default() / RATE_OVER as f64;
        let limit = f64::from(self.limit_kbps);
        // A twentieth above it is what encoders miss their aim by.
        let is_above = limit > 0.0 && kbps > limit * 1.05;
        let is_over = holds.bitrate.look(is_above);
        let is_dropped = holds.ceiling.look(self.ceiling.is_above(now));
        let unmatched = f64::from(arrivals.unmatched) / elapsed.as_secs_f64();
        let is_unknown = holds.unknown.look(unmatched > MAX_UNMATCHED);
        let lost = self.uplink.review(arrivals.media);

        let mut add = |holds: bool, finding: Finding| found.extend(holds.then_some(finding));
        let limit_kbps = self.limit_kbps;
        add(is_over, Finding::BitrateOverLimit { kbps: kbps as u32, limit_kbps });
        let Limits { packets: limit_packets, kbps: limit_kbps } = self.ceiling.limits;
        let (packets, kbps) = self.arriving;
        add(is_dropped, Finding::OverCeiling { packets, limit_packets, kbps, limit_kbps });
        add(is_unknown, Finding::UnknownMedia);
        found.extend(lost.map(|percent| Finding::LossyUplink { percent }));
    }
}

/// Whether a finding is about what arrives, whatever is in it.
fn is_of_path(finding: &Finding) -> bool {
    match finding {
        Finding::BitrateOverLimit { .. }
        | Finding::OverCeiling { .. }
        | Finding::UnknownMedia
        | Finding::LossyUplink { .. } => true,
        Finding::BFrames
        | Finding::KeyframeInterval { .. }
        | Finding::IgnoresPli
        | Finding::H264Profile { .. }
        | Finding::NoParameterSets
        | Finding::NoAudio
        | Finding::NoOpus => false,
    }
}

/// The interval, or the one that was told before while it is no longer known but still holds.
fn at_least(interval: Duration, told: &[Finding]) -> Duration {
    let before = told.iter().find_map(|it| match it {
        Finding::KeyframeInterval { interval } => Some(*interval),
        _ => None,
    });
    if interval > LONGEST_INTERVAL { interval } else { before.unwrap_or(interval) }
}

impl Stream {
    fn new(ssrc: u32, first: &Packet) -> Self {
        Self {
            ssrc,
            last_at: first.arrived,
            newest: (first.seq, first.ts),
            b_signs: 0,
            profile_idc: None,
            lacks_sets_since: None,
            keyframes: Keyframes::new(first.arrived),
        }
    }

    fn flows(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last_at) < FLOWS_WITHIN
    }

    fn take(&mut self, codec: Codec, lacks_sets: bool, packet: &Packet) {
        self.last_at = packet.arrived;
        if lacks_sets {
            self.lacks_sets_since.get_or_insert(packet.arrived);
            // Its keyframes cannot be told by what decoders need, so nobody is to say that none came.
            self.keyframes.rests();
        } else {
            self.lacks_sets_since = None;
        }
        if packet.is_keyframe {
            self.keyframes.came(packet.seq, packet.ts, packet.arrived);
        }
        if codec != Codec::H264 {
            return;
        }
        let look = h264::look(&packet.payload);
        self.profile_idc = look.profile_idc.or(self.profile_idc);
        // Only a later number with an earlier time says that the encoder sent it in that order: what is
        // late, or sent again, comes with an earlier number. Some (OBS) write the time of decoding, so
        // that time never goes back; those are told by their slices.
        let (seq, ts) = self.newest;
        let is_back = packet.seq > seq
            && ts_is_newer(ts, packet.ts)
            && ts.wrapping_sub(packet.ts) < MAX_STEP_BACK;
        self.b_signs = self.b_signs.saturating_add(u16::from(is_back || look.has_b_slice));
        if packet.seq > seq {
            self.newest = (packet.seq, packet.ts);
        }
    }
}
