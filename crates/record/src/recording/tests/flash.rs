//! Flash and beep: a host shows a flash and beeps at the same moment, every second for ten minutes. What is in the files is as
//! near together, though clocks drift, packets come late or never, the host is away meanwhile, and its picture changes.

use std::collections::BTreeMap;
use std::io::Cursor;

use super::*;
use crate::read::{Reader, StoredTrack};

/// What a second of the clock of the picture, and of that of the sound, is more than a second. They drift by 100 ppm.
const PICTURE_PPM: f64 = 50.0;
const SOUND_PPM: f64 = -50.0;

/// What the way takes at least; all capture times are so much too late.
const WAY_MS: f64 = 20.0;

/// The host is away, and comes back as another: in seconds.
const AWAY: std::ops::Range<u64> = 300..320;
const RESIZED_S: u64 = 450;
const LENGTH_S: u64 = 600;

/// So long after the host came sender reports of both streams have told when frames were captured.
const SETTLED_S: u64 = 6;

/// SPS of 640x480 and 640x448, and a PPS, as x264 writes them.
const SPS: [[u8; 9]; 2] = [
    [0x67, 0x42, 0xC0, 0x1E, 0xDA, 0x02, 0x80, 0xF6, 0x40],
    [0x67, 0x42, 0xC0, 0x1E, 0xDA, 0x02, 0x80, 0xE6, 0x40],
];
const PPS: [u8; 4] = [0x68, 0xCE, 0x3C, 0x80];

/// What the bytes of a flash, and of a beep, end with; the second follows.
const MARK: [u8; 4] = *b"\xF1\xA5\x51\xBE";

/// One stream of the host.
struct Stream {
    ssrc: u32,
    codec: Codec,
    seq: u64,
    /// The timestamp when the host came, at zero of its clock.
    base: u32,
    ppm: f64,
    /// When its first sender report is made, and how often one is.
    reports_ms: (f64, f64),
}

impl Stream {
    fn ticks(&self, t_ms: f64) -> u32 {
        let rate = f64::from(self.codec.kind().clock_rate());
        let since = t_ms / 1_000.0 * rate * (1.0 + self.ppm / 1e6);
        self.base.wrapping_add(since as u64 as u32)
    }

    /// When something was captured, as the newest sender report tells that has come by then.
    fn captured(&self, ts: u32, came_ms: f64, arrived_ms: f64) -> f64 {
        let (first, every) = self.reports_ms;
        let since = arrived_ms - WAY_MS - came_ms - first;
        if since < 0.0 {
            return arrived_ms;
        }
        let told_at = came_ms + first + (since / every).floor() * every;
        let rate = f64::from(self.codec.kind().clock_rate());
        let ticks = ts.wrapping_sub(self.ticks(told_at)).cast_signed();
        (told_at + f64::from(ticks) / rate * 1_000.0 + WAY_MS).min(arrived_ms)
    }
}

/// A file as it was written.
struct Written {
    at: Duration,
    size: Option<(u32, u32)>,
    bytes: Vec<u8>,
}

struct Broadcast {
    begun: Instant,
    random: fastrand::Rng,
    recording: Recording,
    picture: Stream,
    sound: Stream,
    came_ms: f64,
    /// When the next keyframe is due: it was asked for a moment before.
    key_at_ms: Option<f64>,
    size: usize,
    /// By when they arrive, in microseconds, and in what order they were sent.
    on_the_way: BTreeMap<(u64, u64), TapPacket>,
    n_sent: u64,
    files: Vec<Written>,
}

impl Broadcast {
    fn new(codec: Codec, seed: u64) -> Self {
        let settings = Settings {
            format: Format::Mp4,
            file_for: Duration::from_secs(3_600),
            file_bytes: u64::MAX,
            layers: Layers::Best,
        };
        let stream =
            |codec, ppm, reports_ms| Stream { ssrc: 0, codec, seq: 0, base: 0, ppm, reports_ms };
        Self {
            begun: Instant::now(),
            random: fastrand::Rng::with_seed(seed),
            recording: Recording::new(settings, None),
            // As browsers do.
            picture: stream(codec, PICTURE_PPM, (500.0, 1_000.0)),
            sound: stream(Codec::Opus, SOUND_PPM, (2_500.0, 5_000.0)),
            came_ms: 0.0,
            key_at_ms: None,
            size: 0,
            on_the_way: BTreeMap::new(),
            n_sent: 0,
            files: Vec::new(),
        }
    }

    /// The host comes: new streams, whose numbers and timestamps begin anywhere.
    fn come(&mut self, t_ms: f64) {
        self.came_ms = t_ms;
        self.key_at_ms = Some(t_ms);
        for stream in [&mut self.picture, &mut self.sound] {
            stream.ssrc = self.random.u32(1..);
            stream.base = self.random.u32(..);
            stream.seq = self.random.u64(1..60_000);
        }
    }

    fn send(&mut self, is_sound: bool, t_ms: f64, payloads: Vec<Vec<u8>>, is_keyframe: bool) {
        let last = payloads.len();
        for (n, payload) in (1..).zip(payloads) {
            let late = match self.random.u32(..100) {
                0..5 => 300.0 * self.random.f64(),
                _ => 30.0 * self.random.f64(),
            };
            let arrived_ms = t_ms + WAY_MS + late;
            let stream = if is_sound { &mut self.sound } else { &mut self.picture };
            stream.seq += 1;
            let ts = stream.ticks(t_ms);
            let captured_ms = stream.captured(ts, self.came_ms, arrived_ms);
            let at = |ms: f64| self.begun + Duration::from_secs_f64(ms / 1_000.0);
            let packet = TapPacket {
                room: RoomId(1),
                seat: Seat::HOST,
                ssrc: stream.ssrc,
                rid: None,
                codec: stream.codec,
                seq: stream.seq,
                ts,
                marker: n == last,
                is_keyframe,
                orientation: None,
                captured: at(captured_ms),
                arrived: at(arrived_ms),
                payload: payload.into(),
            };
            // Two of a hundred never come.
            if self.random.u32(..100) >= 2 {
                self.n_sent += 1;
                self.on_the_way.insert(((arrived_ms * 1_000.0) as u64, self.n_sent), packet);
            }
        }
    }

    fn frame(&mut self, t_ms: f64, mark: &[u8]) {
        let is_key = self.key_at_ms.is_some_and(|at| t_ms >= at);
        if is_key {
            self.key_at_ms = None;
        }
        let payloads = match self.picture.codec {
            Codec::Vp8 => {
                let height = [480_u16, 448][self.size].to_le_bytes();
                let mut data = vec![0x10, u8::from(!is_key), 0, 0, 0x9D, 1, 0x2A, 0x80, 0x02];
                data.extend_from_slice(&height);
                data.extend_from_slice(mark);
                // A keyframe is of three packets; the mark is in the first.
                let more = if is_key { vec![vec![0_u8; 900]; 2] } else { Vec::new() };
                std::iter::once(data).chain(more).collect()
            }
            _ => {
                let head: &[u8] = if is_key { &[0x65, 0x88, 1] } else { &[0x41, 0x9A, 1] };
                let slice = [head, mark].concat();
                if is_key {
                    vec![SPS[self.size].to_vec(), PPS.to_vec(), slice]
                } else {
                    vec![slice]
                }
            }
        };
        self.send(false, t_ms, payloads, is_key);
    }

    /// All of it, in steps of 20 ms of a clock of its own.
    fn run(mut self) -> Vec<Written> {
        for step in 0..LENGTH_S * 50 {
            let (t_ms, second) = ((step * 20) as f64, step / 50);
            let is_away = AWAY.contains(&second);
            if step == 0 || step == AWAY.end * 50 {
                self.come(t_ms);
            }
            if second == RESIZED_S && self.size == 0 {
                (self.size, self.key_at_ms) = (1, Some(t_ms));
            }
            let mark = match step % 50 {
                0 => [&MARK[..], &(second as u32).to_be_bytes()].concat(),
                _ => vec![7; 8],
            };
            if !is_away {
                self.send(true, t_ms, vec![[&[0xFC][..], &mark].concat()], false);
                if step % 2 == 0 {
                    self.frame(t_ms, &mark);
                }
            }
            while let Some(next) = self.on_the_way.first_entry()
                && next.key().0 <= step * 20_000
            {
                let packet = next.remove();
                self.recording.push(packet);
                self.drain(t_ms);
            }
            if step % 25 == 0 {
                self.recording.tick(self.begun + Duration::from_millis(step * 20));
                self.drain(t_ms);
            }
        }
        self.recording.finish();
        self.drain(0.0);
        self.files
    }

    fn drain(&mut self, t_ms: f64) {
        while let Some(output) = self.recording.poll() {
            match output {
                Output::Begin { at, size, .. } => {
                    self.files.push(Written { at, size, bytes: Vec::new() });
                }
                Output::Write(bytes) => self.files.last_mut().unwrap().bytes.extend(bytes),
                Output::End(finished) => {
                    let bytes = &mut self.files.last_mut().unwrap().bytes;
                    bytes.extend(finished.tail);
                    for patch in finished.patches {
                        let at = patch.offset as usize;
                        bytes[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
                    }
                }
                // The way there, and an encoder.
                Output::Keyframe(ssrc) if ssrc == self.picture.ssrc => {
                    self.key_at_ms.get_or_insert(t_ms + 80.0);
                }
                Output::Keyframe(_) => {}
            }
        }
    }
}

/// The marks of a file: by their second, when the flash and the beep are, in milliseconds since the recording began.
fn marks(file: &Written) -> BTreeMap<u32, [Option<f64>; 2]> {
    let mut reader = Reader::open(Cursor::new(&file.bytes)).unwrap();
    let is_video: Vec<bool> = reader.tracks().iter().map(StoredTrack::is_video).collect();
    let mut found: BTreeMap<u32, [Option<f64>; 2]> = BTreeMap::new();
    while let Some(frame) = reader.next_frame().unwrap() {
        let data = reader.data(&frame).unwrap();
        let Some(at) = data.windows(8).position(|it| it.starts_with(&MARK)) else { continue };
        let second = u32::from_be_bytes(data[at + 4..at + 8].try_into().unwrap());
        let of = usize::from(!is_video[frame.track]);
        found.entry(second).or_default()[of] = Some((file.at + frame.at).as_secs_f64() * 1_000.0);
    }
    found
}

#[test]
fn flash_and_beep_stay_together_for_ten_minutes_whatever_happens_on_the_way() {
    for (codec, seed) in (0..8).map(|it| (if it % 2 == 0 { Codec::Vp8 } else { Codec::H264 }, it)) {
        let files = Broadcast::new(codec, seed).run();
        let heights: Vec<u32> = files.iter().map(|it| it.size.unwrap().1).collect();
        assert_eq!(heights, [480, 448], "a file of each size");
        let (mut n_pairs, mut apart, mut off) = (0, 0.0_f64, 0.0_f64);
        let mut begins = f64::NAN;
        for (n, file) in files.iter().enumerate() {
            let marks = marks(file);
            for (second, at) in &marks {
                let since = if u64::from(*second) >= AWAY.end { AWAY.end } else { 0 };
                if u64::from(*second) < since + SETTLED_S {
                    continue;
                }
                let [Some(flash), Some(beep)] = *at else { continue };
                n_pairs += 1;
                apart = apart.max((flash - beep).abs());
                // All marks of all files are on one timeline: that of the first one.
                if begins.is_nan() {
                    begins = flash - f64::from(*second) * 1_000.0;
                }
                off = off.max((flash - begins - f64::from(*second) * 1_000.0).abs());
            }
            let seconds = marks.keys().copied();
            let (first, last) = (seconds.clone().min().unwrap(), seconds.max().unwrap());
            match n {
                0 => assert!(first < 5 && u64::from(last) + 5 >= RESIZED_S, "{first} to {last}"),
                _ => assert!(u64::from(last) + 10 >= LENGTH_S, "{first} to {last}"),
            }
        }
        let worst = format!("{codec:?}: {n_pairs} pairs, {apart:.1} ms apart, {off:.1} ms off");
        assert!(n_pairs > 150, "{worst}");
        assert!(apart <= 20.0 && off <= 60.0, "{worst}");
        let at = files[1].at.as_secs_f64() - begins / 1_000.0;
        assert!((-0.1..5.0).contains(&(at - RESIZED_S as f64)), "{at}");
    }
}
