//! A viewer as the server serves it: audio and layers of video over a link. The estimate selects the layer; feedback
//! comes as browsers send it.

use std::collections::VecDeque;

use super::super::{Estimator, PacketResult, Probe};
use super::SECOND;
use super::link::{Config, Link};

/// Bitrates of the video layers, in bit/s.
pub(crate) const LAYERS: [f64; 3] = [150e3, 500e3, 2.5e6];

/// Bitrate of audio, in bit/s: a packet of 80 bytes every 20 ms.
const AUDIO: f64 = 32e3;

/// Size of a video packet.
const PACKET: u32 = 1_150;

/// How the sender uses the estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sender {
    /// The best of this many layers that fits, one frame at a time.
    Layers(usize),
    /// Like `Layers`, but a switch begins with a keyframe of this many frames' size.
    Keyframes(usize, f64),
    /// The whole estimate, evenly.
    Greedy,
}

/// The state every 10 ms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: u64,
    pub(crate) estimate: f64,
    pub(crate) layer: usize,
    pub(crate) queue_ms: f64,
}

/// A packet that was sent.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: u64,
    bytes: u32,
    probe: Option<u8>,
    received: Option<i64>,
}

/// The record of a run.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) samples: Vec<Sample>,
    pub(crate) sent_bytes: u64,
    pub(crate) padding_bytes: u64,
    /// Start times of probes.
    pub(crate) probes: Vec<u64>,
    /// Of each packet: when it was sent, its size, and whether it arrived.
    pub(crate) packets: Vec<(u64, u32, bool)>,
    /// Bytes received, by arrival time.
    pub(crate) arrivals: Vec<(u64, u32)>,
}

/// The simulation.
pub(crate) struct Viewer {
    pub(crate) estimator: Estimator,
    sender: Sender,
    link: Link,
    rtt_us: u64,
    feedback_loss: f64,
    rng: fastrand::Rng,
    now: u64,
    layer: usize,
    sent: VecDeque<Sent>,
    first_seq: u64,
    arriving: VecDeque<(u64, u64, u32)>,
    highest_arrived: u64,
    reported: u64,
    feedback_at: u64,
    feedback: VecDeque<(u64, u64, u64)>,
    next_frame: u64,
    next_audio: u64,
    credit: f64,
    probing: Option<(Probe, u64, u32)>,
    wants_keyframe: bool,
    log: Log,
}

/// Runs a story for `seconds`.
pub(crate) fn run(config: Config, sender: Sender, seed: u64, seconds: u64) -> Log {
    let (rtt_us, feedback_loss) = (config.rtt_us, config.feedback_loss);
    let mut viewer = Viewer {
        estimator: Estimator::new(0, 300_000, 30_000, 8_000_000),
        sender,
        link: Link::new(config, seed),
        rtt_us,
        feedback_loss,
        rng: fastrand::Rng::with_seed(seed ^ 0x5eed),
        now: 0,
        layer: 0,
        sent: VecDeque::new(),
        first_seq: 0,
        arriving: VecDeque::new(),
        highest_arrived: 0,
        reported: 0,
        feedback_at: 0,
        feedback: VecDeque::new(),
        next_frame: 0,
        next_audio: 0,
        credit: 0.0,
        probing: None,
        wants_keyframe: true,
        log: Log::default(),
    };
    while viewer.now < seconds * SECOND {
        viewer.step();
        viewer.now += 1_000;
    }
    let packets = viewer.sent.iter().map(|it| (it.at, it.bytes, it.received.is_some()));
    viewer.log.packets.extend(packets);
    viewer.log
}

impl Viewer {
    /// Simulates 1 ms.
    fn step(&mut self) {
        self.deliver();
        let now = self.now;
        if self.estimator.next_timeout_us().is_some_and(|at| at <= now) {
            self.estimator.handle_timeout(now);
        }
        self.select();
        match self.sender {
            Sender::Layers(_) | Sender::Keyframes(..) => self.send_media(),
            Sender::Greedy => self.send_evenly(),
        }
        self.send_probe();
        while let Some((at, packet)) = self.link.poll(now) {
            self.arriving.push_back((at, packet.seq, packet.bytes));
        }
        if now.is_multiple_of(10_000) {
            self.log.samples.push(Sample {
                at: now,
                estimate: self.estimator.estimate_bps() as f64,
                layer: self.layer,
                queue_ms: self.link.queue_ms(now),
            });
        }
    }

    fn transmit(&mut self, bytes: u32, probe: Option<u8>) {
        let seq = self.first_seq + self.sent.len() as u64;
        self.sent.push_back(Sent { at: self.now, bytes, probe, received: None });
        self.link.send(self.now, seq, bytes);
        self.estimator.on_sent(self.now);
        self.log.sent_bytes += u64::from(bytes);
    }

    /// Sends media; it counts for a probe in progress.
    fn transmit_media(&mut self, bytes: u32) {
        let id = self.probing.as_mut().map(|(probe, _, sent)| {
            *sent += bytes;
            probe.id
        });
        self.transmit(bytes, id);
    }

    fn send_media(&mut self) {
        if self.now >= self.next_audio {
            self.next_audio += 20_000;
            self.transmit_media(80);
        }
        if self.now < self.next_frame {
            return;
        }
        self.next_frame += 33_333;
        let mut bytes = LAYERS[self.layer] / 8.0 / 30.0 * (0.8 + 0.4 * self.rng.f64());
        if let Sender::Keyframes(_, times) = self.sender
            && std::mem::take(&mut self.wants_keyframe)
        {
            bytes *= times;
        }
        let mut bytes = bytes as u32;
        while bytes > 0 {
            let part = bytes.min(PACKET);
            self.transmit_media(part);
            bytes -= part;
        }
    }

    fn send_evenly(&mut self) {
        self.credit += self.estimator.estimate_bps() as f64 / 8e3;
        while self.credit >= f64::from(PACKET) {
            self.credit -= f64::from(PACKET);
            self.transmit_media(PACKET);
        }
    }

    fn send_probe(&mut self) {
        if self.probing.is_none()
            && let Some(probe) = self.estimator.poll_probe(self.now)
        {
            self.log.probes.push(self.now);
            self.probing = Some((probe, self.now, 0));
        }
        let Some((probe, began, mut sent)) = self.probing else { return };
        let elapsed = self.now - began + 1_000;
        let due = (probe.bps as f64 * elapsed as f64 / 8e6) as u32;
        while sent < due.min(probe.bytes) {
            let bytes = PACKET.min(probe.bytes - sent).max(60);
            sent += bytes;
            self.log.padding_bytes += u64::from(bytes);
            self.transmit(bytes, Some(probe.id));
        }
        self.probing = (sent < probe.bytes).then_some((probe, began, sent));
    }

    fn select(&mut self) {
        let (Sender::Layers(n) | Sender::Keyframes(n, _)) = self.sender else { return };
        let estimate = self.estimator.estimate_bps() as f64;
        let rate = |layer: usize| LAYERS[layer] + AUDIO;
        let best = (0..n)
            .rev()
            .find(|it| rate(*it) <= estimate * if *it > self.layer { 0.9 } else { 1.0 })
            .unwrap_or(0);
        self.wants_keyframe |= best != self.layer;
        self.layer = best;
        let next = if best + 1 < n { rate(best + 1) as u64 } else { 0 };
        self.estimator.set_demand(rate(best) as u64, next);
    }

    fn deliver(&mut self) {
        let now = self.now;
        while let Some((at, seq, bytes)) = self.arriving.front().copied() {
            if at > now {
                break;
            }
            self.arriving.pop_front();
            self.log.arrivals.push((at, bytes));
            // Another clock: it has another origin, and runs 50 ppm faster.
            let received = at as i64 + at as i64 / 20_000 - 987_654_321;
            if let Some(sent) = seq.checked_sub(self.first_seq) {
                self.sent[sent as usize].received = Some(received);
            }
            self.highest_arrived = self.highest_arrived.max(seq + 1);
        }
        if now >= self.feedback_at {
            self.feedback_at = now + self.rng.u64(50_000..100_000);
            let is_open = self.link.capacity(now) > 0.0;
            if self.highest_arrived > self.reported && is_open {
                let at = now + self.rtt_us / 2;
                self.feedback.push_back((at, self.reported, self.highest_arrived));
                self.reported = self.highest_arrived;
            }
        }
        while let Some((at, from, to)) = self.feedback.front().copied() {
            if at > now {
                break;
            }
            self.feedback.pop_front();
            let n = (to - from) as usize;
            let sent: Vec<_> = self.sent.drain(..n).collect();
            self.first_seq += n as u64;
            let result = |it: &Sent| PacketResult {
                sent_us: it.at,
                received_us: it.received,
                bytes: it.bytes,
                probe: it.probe,
            };
            if self.rng.f64() >= self.feedback_loss {
                if let Some(newest) = sent.last() {
                    self.estimator.on_rtt(now - newest.at);
                }
                self.estimator.on_feedback(now, sent.iter().map(result));
            }
            self.log.packets.extend(sent.iter().map(|it| (it.at, it.bytes, it.received.is_some())));
        }
    }
}

impl Log {
    /// The samples between two times, in seconds.
    pub(crate) fn between(&self, from: f64, to: f64) -> impl Iterator<Item = &Sample> {
        let micros = |seconds: f64| (seconds * SECOND as f64) as u64;
        self.samples.iter().filter(move |it| (micros(from)..micros(to)).contains(&it.at))
    }

    /// The longest queue between two times, in ms.
    pub(crate) fn max_queue_ms(&self, from: f64, to: f64) -> f64 {
        self.between(from, to).map(|it| it.queue_ms).fold(0.0, f64::max)
    }

    /// The 95th percentile of the queue, in ms.
    pub(crate) fn p95_queue_ms(&self, from: f64, to: f64) -> f64 {
        let mut queues: Vec<_> = self.between(from, to).map(|it| it.queue_ms).collect();
        queues.sort_by(f64::total_cmp);
        queues[queues.len() * 95 / 100]
    }

    /// The lowest estimate between two times, in bit/s.
    pub(crate) fn min_estimate(&self, from: f64, to: f64) -> f64 {
        self.between(from, to).map(|it| it.estimate).fold(f64::MAX, f64::min)
    }

    /// Seconds after `from` until the last sample before `to` whose layer does not fit.
    pub(crate) fn settled_after(&self, from: f64, to: f64, fits: impl Fn(usize) -> bool) -> f64 {
        let last_bad = self.between(from, to).filter(|it| !fits(it.layer)).last();
        last_bad.map_or(0.0, |it| it.at as f64 / SECOND as f64 - from)
    }

    /// Seconds after `from` until the first sample whose layer fits.
    pub(crate) fn first_after(&self, from: f64, fits: impl Fn(usize) -> bool) -> f64 {
        let first = self.between(from, f64::MAX).find(|it| fits(it.layer));
        first.map_or(f64::MAX, |it| it.at as f64 / SECOND as f64 - from)
    }

    /// Part of the time spent on layers that fit.
    pub(crate) fn share(&self, from: f64, to: f64, fits: impl Fn(usize) -> bool) -> f64 {
        let all = self.between(from, to).count();
        self.between(from, to).filter(|it| fits(it.layer)).count() as f64 / all as f64
    }

    /// Part of the packets sent between two times that were lost.
    pub(crate) fn loss(&self, from: f64, to: f64) -> f64 {
        let micros = |seconds: f64| (seconds * SECOND as f64) as u64;
        let range = micros(from)..micros(to);
        let sent: Vec<_> = self.packets.iter().filter(|it| range.contains(&it.0)).collect();
        sent.iter().filter(|it| !it.2).count() as f64 / sent.len() as f64
    }

    /// The received rate between two times, in bit/s.
    pub(crate) fn arrived(&self, from: f64, to: f64) -> f64 {
        let micros = |seconds: f64| (seconds * SECOND as f64) as u64;
        let range = micros(from)..micros(to);
        let bytes: u64 =
            self.arrivals.iter().filter(|it| range.contains(&it.0)).map(|it| u64::from(it.1)).sum();
        bytes as f64 * 8.0 / (to - from)
    }
}
