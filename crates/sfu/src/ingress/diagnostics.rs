//! Finds problems in what a publisher sends. Inspects each packet once and reports findings at intervals. Pure: no
//! clock, no socket.
//!
//! [`Ingest::take`] only counts: it allocates nothing, and its cost depends neither on a packet's length nor on the
//! packets before it. [`Ingest::review`] evaluates the counts once a second. While no packets arrive, findings neither
//! begin nor end; while no video arrives, this holds for the findings about video.
//!
//! Deliberately absent: texts for users (`server`), and any action on a finding.

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

/// Interval of reviews.
const REVIEW_EVERY: Duration = Duration::from_secs(1);

/// A stream flows while its last packet is younger than this: slides are sent once a second.
const FLOWS_WITHIN: Duration = Duration::from_millis(1_500);

/// A stream that was silent for this long counts as a new one when it returns.
const FORGET_AFTER: Duration = Duration::from_secs(5);

/// Video without audio for this long is a finding. Discontinuous transmission sends audio every 400 ms.
const SOUND_WITHIN: Duration = Duration::from_secs(5);

/// Reviews over which the bitrate is averaged, so that one or two keyframes do not exceed the limit.
const RATE_OVER: usize = 5;

/// Signs of B-frames per review from which a stream has them: B slices, or timestamps that go back. A stream with
/// B-frames shows several a second; a single sign comes from an encoder that was restarted.
const B_SIGNS: u16 = 2;

/// Keyframes without parameter sets for this long, and none that can be decoded, are a finding.
const SETS_WITHIN: Duration = Duration::from_secs(3);

/// Packets per second that may fit no media description: they are left over from an earlier offer.
const MAX_UNMATCHED: f64 = 10.0;

/// The longest step back, in ticks of 90 kHz, that is a sign of B-frames. A longer one, of more than 1 s, is a clock
/// that was set.
const MAX_STEP_BACK: u32 = 90_000;

/// Findings from a publisher's packets and offer.
#[derive(Debug)]
pub(crate) struct Ingest {
    /// Bitrate limit in kbit/s; 0: none.
    limit_kbps: u32,
    ceiling: Ceiling,
    /// Packets and kbit per second at the last review, including dropped ones.
    arriving: (u32, u32),
    offered: Offered,
    takes_opus: bool,
    /// The video streams, one per simulcast layer.
    streams: [Option<Stream>; MAX_LAYERS],
    /// When video began to arrive.
    picture_since: Option<Instant>,
    sound_at: Option<Instant>,
    /// Bytes since the last review.
    bytes: u64,
    /// Bitrate in kbit/s at each earlier review, the newest first.
    rates: [Option<f64>; RATE_OVER],
    reviewed_at: Instant,
    uplink: Uplink,
    holds: Debounces,
    told: Vec<Finding>,
}

/// Packets since the last review, over all streams.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrivals {
    /// Audio and video packets.
    pub(crate) media: Tally,
    /// Packets that fit no media description.
    pub(crate) unmatched: u32,
}

/// One video stream.
#[derive(Debug)]
struct Stream {
    ssrc: u32,
    last_at: Instant,
    /// The highest sequence number, and the timestamp of its packet.
    newest: (u64, u32),
    /// Signs of B-frames since the last review.
    b_signs: u16,
    profile_idc: Option<u8>,
    /// Since when no keyframe can be decoded for lack of parameter sets.
    lacks_sets_since: Option<Instant>,
    keyframes: Keyframes,
}

/// How many reviews in a row each finding needs to begin and to end.
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
            // Encoders make no B-frames while nothing moves.
            b_frames: Debounce::new(2, 10),
            // One lost keyframe makes a long interval, once.
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
    /// Starts diagnostics for a publisher whose offer was just accepted. `limit_kbps` is
    /// [`crate::Config::max_publish_kbps`].
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

    /// Takes the offer and the negotiated codecs.
    pub(crate) fn negotiated(&mut self, offer: &str, codecs: &[Codec]) {
        self.offered = Offered::of(offer);
        self.takes_opus = codecs.contains(&Codec::Opus);
    }

    /// Counts a packet with `bytes` of payload; returns whether it is within the limits. Drop it if not, before it
    /// costs anything else.
    pub(crate) fn admits(&mut self, bytes: usize, now: Instant) -> bool {
        self.ceiling.takes(bytes, now)
    }

    /// The bitrate limit in kbit/s; 0: none.
    pub(crate) fn ceiling_kbps(&self) -> u32 {
        self.ceiling.limits.kbps
    }

    /// Whether the publisher has been above the limits for long enough to be closed.
    pub(crate) fn is_flooded(&self, now: Instant) -> bool {
        self.ceiling.is_flooded(now)
    }

    /// Counts a packet, with its codec and whether its stream lacks parameter sets. Called for each packet.
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
            // Replace the stream that was silent for longest: at most `MAX_LAYERS` are live at once.
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

    /// Records a keyframe request for this stream.
    pub(crate) fn asked(&mut self, ssrc: u32, now: Instant) {
        if let Some(it) = self.streams.iter_mut().flatten().find(|it| it.ssrc == ssrc) {
            it.keyframes.asked(now);
        }
    }

    /// SSRC of a stream to request a keyframe of, only to learn whether the publisher answers.
    pub(crate) fn worth_asking(&self) -> Option<u32> {
        let mut flowing = self.streams.iter().flatten().filter(|it| it.flows(self.reviewed_at));
        flowing.find(|it| it.keyframes.is_worth_asking()).map(|it| it.ssrc)
    }

    /// Whether [`Self::review`] is due.
    pub(crate) fn is_review_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.reviewed_at) >= REVIEW_EVERY
    }

    /// Evaluates the counts. Returns all findings if they have changed.
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
            // Audio alone tells nothing about the video, which may return: keep its findings.
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

    /// Findings about the encoder, from the video, and about missing audio.
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
        // With a shorter interval nobody has to wait for an answer.
        let is_ignoring = holds.ignores_pli.look(interval >= ANSWER_WITHIN);

        let mut profiles = streams.iter().flatten().filter_map(|it| it.profile_idc).peekable();
        let profile = match profiles.peek() {
            Some(_) => profiles.find(|it| !is_playable(*it)),
            // The profile in the stream takes precedence over the one in the offer.
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

    /// Findings about loss, bitrate and unknown packets.
    fn find_on_path(
        &mut self,
        arrivals: &Arrivals,
        elapsed: Duration,
        now: Instant,
        found: &mut Vec<Finding>,
    ) {
        let holds = &mut self.holds;
        // Zero until there are rates of `RATE_OVER` reviews.
        let sum: Option<f64> = self.rates.iter().copied().sum();
        let kbps = sum.unwrap_or_default() / RATE_OVER as f64;
        let limit = f64::from(self.limit_kbps);
        // Encoders miss their target by up to 5%.
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

/// Whether a finding is about the packets that arrive, whatever their content.
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

/// The current interval. If it is short or unknown while the finding still holds, the interval reported before.
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
            // Without parameter sets no keyframe is recognised here: requests do not count as unanswered.
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
        let inspected = h264::inspect(&packet.payload);
        self.profile_idc = inspected.profile_idc.or(self.profile_idc);
        // Only a higher sequence number with an earlier timestamp shows that the encoder sent the frames in that order:
        // late or retransmitted packets have a lower sequence number. Some encoders (OBS) write the decoding time as
        // timestamp, which never goes back; their B-frames are recognised by the slices.
        let (seq, ts) = self.newest;
        let is_back = packet.seq > seq
            && ts_is_newer(ts, packet.ts)
            && ts.wrapping_sub(packet.ts) < MAX_STEP_BACK;
        self.b_signs = self.b_signs.saturating_add(u16::from(is_back || inspected.has_b_slice));
        if packet.seq > seq {
            self.newest = (packet.seq, packet.ts);
        }
    }
}
