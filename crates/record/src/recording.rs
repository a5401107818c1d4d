//! One publisher while it is recorded: which of its streams, and into which files.
//!
//! The best layer of its picture is recorded, and its sound. A file is of one size and one codec: when these change, or it
//! is long enough, the next file begins, at a keyframe. The publisher may be away in between: its files keep their timeline.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use media_api::TapPacket;

use crate::container::{Finished, Format, Writer};
use crate::depacketize::Media;
use crate::frame::{AudioTrack, Frame, Track, VideoCodec, VideoTrack};
use crate::lane::{Lane, LaneEvent};

/// The most streams: three layers and sound, of a publisher and of the one before it.
const MAX_LANES: usize = 10;

/// How long layers are looked at before the best is chosen.
const CHOOSE_AFTER: Duration = Duration::from_millis(500);

/// How long another layer has been better before it is recorded instead.
const BETTER_FOR: Duration = Duration::from_secs(3);

/// How long a file waits for the picture or the sound before it begins without.
const TRACKS_WITHIN: Duration = Duration::from_millis(1_500);

/// The same where a picture comes, but no keyframe of it.
const PICTURE_WITHIN: Duration = Duration::from_secs(4);

/// A player seeks to keyframes: there is one at least this often.
const KEY_EVERY: Duration = Duration::from_secs(5);

/// What came is on its way to the disk within this time, also when nothing more comes.
const FLUSH_AFTER: Duration = Duration::from_secs(2);

/// How long a file waits for its last sound when the next file has its first picture. Sound itself waits a second for a lost
/// packet.
const LATE_SOUND: Duration = Duration::from_millis(1_200);

/// The most bytes of frames that wait for a file to begin.
const MAX_PENDING: usize = 16 * 1024 * 1024;

/// How a room is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The kind of file where the codec leaves a choice. VP8 is always stored as WebM.
    pub format: Format,
    /// A file of this length is followed by another.
    pub file_for: Duration,
    /// A file of this many bytes is followed by another.
    pub file_bytes: u64,
    /// Which simulcast layers of the host.
    pub layers: Layers,
}

/// Which simulcast layers of a host are recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layers {
    /// The best one there is.
    #[default]
    Best,
    /// The others as well, each in files of its own.
    All,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// A file begins.
    Begin {
        /// Its kind.
        format: Format,
        /// When, since the recording began.
        at: Duration,
        /// The sides of the picture, if there is one.
        size: Option<(u32, u32)>,
    },
    /// Bytes for the end of the file.
    Write(Vec<u8>),
    /// The file is over.
    End(Finished),
    /// A keyframe of this stream is needed.
    Keyframe(u32),
}

/// A publisher while it is recorded.
#[derive(Debug)]
pub(crate) struct Recording {
    settings: Settings,
    begun: Option<Instant>,
    /// At most [`MAX_LANES`].
    lanes: Vec<Lane>,
    /// The SSRC of the picture that is recorded.
    picture: Option<u32>,
    /// The layer that is recorded from its next keyframe on, and since when it is better.
    better: Option<(u32, Instant)>,
    file: Option<File>,
    /// Frames that wait for a file, with their bytes.
    pending: VecDeque<(Duration, Media)>,
    pending_bytes: usize,
    /// Whether frames are left out: the disk does not take them.
    is_held: bool,
    /// Whether the picture goes on at its next keyframe only.
    awaits_key: bool,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
struct File {
    writer: Writer,
    video: Option<VideoTrack>,
    has_audio: bool,
    /// When it begins, since the recording began.
    base: Duration,
    /// When the next file begins. Only sound of before is still taken.
    until: Option<Duration>,
}

impl Recording {
    /// A recording that began at a time, or begins with the first packet.
    pub(crate) fn new(settings: Settings, begun: Option<Instant>) -> Self {
        Self {
            settings,
            begun,
            lanes: Vec::new(),
            picture: None,
            better: None,
            file: None,
            pending: VecDeque::new(),
            pending_bytes: 0,
            is_held: false,
            awaits_key: false,
            outputs: VecDeque::new(),
        }
    }

    /// What is to be done next.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// It begins at this time, if it has not begun.
    pub(crate) fn begin(&mut self, at: Instant) {
        self.begun.get_or_insert(at);
    }

    /// When it began.
    pub(crate) fn begun(&self) -> Option<Instant> {
        self.begun
    }

    /// The SSRC of the picture that is recorded.
    pub(crate) fn picture(&self) -> Option<u32> {
        self.picture
    }

    /// Whether nothing has come for so long.
    pub(crate) fn is_silent(&self, time: Duration, now: Instant) -> bool {
        self.lanes.iter().all(|it| it.silence(now) >= time)
    }

    /// Takes a packet of the publisher.
    pub(crate) fn push(&mut self, packet: TapPacket) {
        let (now, ssrc) = (packet.arrived, packet.ssrc);
        let begun = *self.begun.get_or_insert(packet.captured);
        if !self.lanes.iter().any(|it| it.ssrc == ssrc) {
            if self.lanes.len() >= MAX_LANES {
                let silent = self.lanes.iter().enumerate().max_by_key(|(_, it)| it.silence(now));
                if let Some(silent) = silent.map(|(n, _)| n) {
                    self.lanes.remove(silent);
                }
            }
            self.lanes.push(Lane::new(&packet, begun));
        }
        if let Some(lane) = self.lane(ssrc) {
            lane.push(packet);
        }
        self.choose(now);
        while let Some(event) = self.lane(ssrc).and_then(Lane::poll) {
            match event {
                LaneEvent::Frame(at, media) => self.take(ssrc, at, media, now),
                LaneEvent::Lost if self.is_recorded(ssrc) => self.ask(ssrc, now),
                LaneEvent::Lost => {}
            }
        }
    }

    /// Time goes on, though nothing comes.
    pub(crate) fn tick(&mut self, now: Instant) {
        let Some(begun) = self.begun else { return };
        self.choose(now);
        let now = now.saturating_duration_since(begun);
        self.close_file(now);
        if self.file.is_none() {
            self.begin_file(now);
        }
        let Some(file) = &mut self.file else { return };
        let waits = file.writer.waiting_since().map(|at| at + file.base);
        if waits.is_some_and(|at| now.saturating_sub(at) >= FLUSH_AFTER) {
            let mut bytes = Vec::new();
            _ = file.writer.flush(&mut bytes);
            self.write(bytes);
        }
    }

    /// Leaves frames out from now on, or no more. The picture goes on at a keyframe.
    pub(crate) fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
        self.awaits_key |= is_held;
    }

    /// Gives the file up that is written; another begins with the next keyframe.
    pub(crate) fn abandon(&mut self) {
        self.file = None;
        self.pending.clear();
        self.pending_bytes = 0;
        self.outputs.clear();
        self.awaits_key = true;
    }

    /// Ends the recording.
    pub(crate) fn finish(&mut self) {
        // Each round ends a file, or begins one with what waits up to the next change of the picture.
        loop {
            self.close_file(Duration::MAX);
            if self.file.is_none() {
                self.begin_file(Duration::MAX);
            }
            let is_closing = self.file.as_ref().is_some_and(|it| it.until.is_some());
            if !is_closing && self.pending.is_empty() {
                break;
            }
        }
        self.end_file();
    }

    fn lane(&mut self, ssrc: u32) -> Option<&mut Lane> {
        self.lanes.iter_mut().find(|it| it.ssrc == ssrc)
    }

    fn is_recorded(&self, ssrc: u32) -> bool {
        self.picture == Some(ssrc) || self.better.is_some_and(|(it, _)| it == ssrc)
    }

    fn ask(&mut self, ssrc: u32, now: Instant) {
        if self.lane(ssrc).is_some_and(|it| it.may_ask(now)) {
            self.outputs.push_back(Output::Keyframe(ssrc));
        }
    }

    /// Decides which layer is recorded.
    fn choose(&mut self, now: Instant) {
        let video = || self.lanes.iter().filter(|it| it.is_video);
        let on = || video().filter(|it| it.is_on(now));
        let Some(best) = on().max_by_key(|it| it.rate()) else { return };
        let (ssrc, rate, is_layer) = (best.ssrc, best.rate(), best.is_layer);
        let Some(picture) = self.picture else {
            let begun = self.begun.unwrap_or(now);
            if !is_layer || now.saturating_duration_since(begun) >= CHOOSE_AFTER {
                self.record(ssrc, now);
            }
            return;
        };
        let current = self.lanes.iter().find(|it| it.ssrc == picture);
        let is_gone = current.is_none_or(|it| !it.is_on(now));
        let is_better = ssrc != picture
            && (is_gone || current.is_some_and(|it| rate > it.rate() + it.rate() / 2));
        match self.better {
            _ if !is_better => self.better = None,
            Some((of, since)) if of == ssrc => {
                if is_gone || now.saturating_duration_since(since) >= BETTER_FOR {
                    self.ask(ssrc, now);
                }
            }
            _ => self.better = Some((ssrc, now)),
        }
        if self.better.is_none()
            && self.lane(picture).is_some_and(|it| it.needs_key(KEY_EVERY, now))
        {
            self.ask(picture, now);
        }
    }

    /// Records this layer from now on.
    fn record(&mut self, ssrc: u32, now: Instant) {
        self.picture = Some(ssrc);
        self.better = None;
        while let Some((at, media)) = self.lane(ssrc).and_then(Lane::kept) {
            self.place(at, media, now);
        }
        self.lanes.iter_mut().for_each(Lane::forget);
        if self.lane(ssrc).is_some_and(|it| it.needs_key(KEY_EVERY, now)) {
            self.ask(ssrc, now);
        }
    }

    /// Takes a frame of a stream.
    fn take(&mut self, ssrc: u32, at: Duration, media: Media, now: Instant) {
        let Some(lane) = self.lane(ssrc) else { return };
        if lane.is_video && self.picture != Some(ssrc) {
            let is_due = |since: Instant| now.saturating_duration_since(since) >= BETTER_FOR;
            let is_gone = |it: &Lane| !it.is_on(now);
            let picture = self.picture;
            let current = self.lanes.iter().find(|it| Some(it.ssrc) == picture);
            let is_free = current.is_none_or(is_gone);
            match (picture, self.better) {
                (None, _) => {
                    if let Some(lane) = self.lane(ssrc) {
                        lane.keep(at, media);
                    }
                    return;
                }
                (_, Some((of, since)))
                    if of == ssrc && media.is_key && (is_free || is_due(since)) =>
                {
                    self.picture = Some(ssrc);
                    self.better = None;
                }
                _ => return,
            }
        }
        self.place(at, media, now);
    }

    /// Puts a frame into its file.
    fn place(&mut self, at: Duration, media: Media, now: Instant) {
        if self.is_held {
            return;
        }
        if self.awaits_key && !media.is_sound {
            if !media.is_key {
                return self.picture.into_iter().for_each(|ssrc| self.ask(ssrc, now));
            }
            self.awaits_key = false;
        }
        self.put(at, media, self.has_sound(now));
        if self.file.is_none() {
            self.begin_file(at);
        }
    }

    /// Writes a frame, or keeps it for the next file.
    fn put(&mut self, at: Duration, media: Media, has_sound: bool) {
        if let Some(file) = &mut self.file {
            let video = media.video.as_ref().filter(|_| file.until.is_none());
            if video.is_some_and(|it| file.is_over(it, at, has_sound, &self.settings)) {
                file.until = Some(at);
            }
            if file.until.is_none_or(|until| media.is_sound && at < until) {
                return self.write_frame(at, media);
            }
            // Sound comes in its order: behind this frame there is none of before.
            if media.is_sound || !has_sound || !file.has_audio {
                self.end_file();
            } else {
                self.close_file(at);
            }
        }
        if self.pending_bytes < MAX_PENDING {
            self.pending_bytes += media.data.len();
            self.pending.push_back((at, media));
        }
    }

    /// Ends a file that another follows, when its sound was waited for long enough.
    fn close_file(&mut self, now: Duration) {
        let until = self.file.as_ref().and_then(|it| it.until);
        if until.is_some_and(|until| now.saturating_sub(until) >= LATE_SOUND) {
            self.end_file();
        }
    }

    /// Whether sound comes.
    fn has_sound(&self, now: Instant) -> bool {
        self.lanes.iter().any(|it| !it.is_video && it.is_on(now))
    }

    /// Begins a file with what waits, once it is known what tracks it has.
    fn begin_file(&mut self, now: Duration) {
        let Some((first, _)) = self.pending.front() else { return };
        let waited = now.saturating_sub(*first);
        let key = self.pending.iter().find_map(|(at, it)| Some((*at, it.video.clone()?)));
        let has_audio = self.pending.iter().any(|(_, it)| it.is_sound);
        let comes = self.lanes.iter().any(|it| it.is_video);
        let is_known = match (&key, has_audio) {
            (Some(_), true) => true,
            (Some(_), false) => waited >= TRACKS_WITHIN,
            (None, _) if comes => waited >= PICTURE_WITHIN,
            (None, _) => waited >= TRACKS_WITHIN,
        };
        if !is_known {
            return;
        }
        // Sound that was there before the picture is left out, so that both begin together.
        let (base, video) = match key {
            Some((at, video)) => (at, Some(video)),
            None => (*first, None),
        };
        let mut tracks = Vec::new();
        tracks.extend(video.clone().map(Track::Video));
        if has_audio {
            tracks.push(Track::Audio(AudioTrack { channels: 2 }));
        }
        let format = match &video {
            Some(it) if it.codec == VideoCodec::Vp8 => Format::WebM,
            _ => self.settings.format,
        };
        let mut bytes = Vec::new();
        let writer = match Writer::begin(format, &tracks, &mut bytes) {
            Ok(writer) => writer,
            Err(error) => {
                tracing::warn!(%error, "a recording goes on without what cannot be stored");
                self.pending.clear();
                self.pending_bytes = 0;
                return;
            }
        };
        let size = video.as_ref().map(|it| (it.width, it.height));
        self.outputs.push_back(Output::Begin { format, at: base, size });
        self.write(bytes);
        self.file = Some(File { writer, video, has_audio, base, until: None });
        self.pending_bytes = 0;
        for (at, media) in std::mem::take(&mut self.pending) {
            self.put(at, media, has_audio);
        }
    }

    fn write_frame(&mut self, at: Duration, media: Media) {
        let Some(file) = &mut self.file else { return };
        let Some(at) = at.checked_sub(file.base) else { return };
        let track = match (media.is_sound, &file.video) {
            (true, video) if file.has_audio => usize::from(video.is_some()),
            (false, Some(_)) => 0,
            _ => return,
        };
        let mut bytes = Vec::new();
        let frame = Frame { track, at, is_key: media.is_key, data: media.data };
        if let Err(error) = file.writer.write(frame, &mut bytes) {
            tracing::debug!(%error, "a frame is left out of a recording");
        }
        self.write(bytes);
    }

    fn end_file(&mut self) {
        let Some(File { mut writer, .. }) = self.file.take() else { return };
        let mut bytes = Vec::new();
        _ = writer.flush(&mut bytes);
        self.write(bytes);
        match writer.finish() {
            Ok(finished) => self.outputs.push_back(Output::End(finished)),
            Err(error) => tracing::warn!(%error, "a file of a recording cannot be finished"),
        }
    }

    fn write(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.outputs.push_back(Output::Write(bytes));
        }
    }
}

impl File {
    /// Whether a keyframe belongs into the next file.
    fn is_over(
        &self,
        video: &VideoTrack,
        at: Duration,
        has_sound: bool,
        settings: &Settings,
    ) -> bool {
        let is_full = at.saturating_sub(self.base) >= settings.file_for
            || self.writer.bytes() >= settings.file_bytes;
        self.video.as_ref() != Some(video)
            || (has_sound && !self.has_audio)
            // The picture that it begins with is in it, however small it may be.
            || (is_full && at > self.base)
    }
}

#[cfg(test)]
mod tests;
