//! How much may be sent to one viewer: send-side bandwidth estimation, from what the viewer's
//! browser tells of each packet (transport-wide feedback).
//!
//! Follows Google Congestion Control (draft-ietf-rmcat-gcc-02) and what libwebrtc made of it: the
//! trend of the one-way delay tells of a queue that grows ([`delay`], [`trendline`]); the estimate
//! falls to 0.85 of what arrives, and rises by 8 % a second or, near where it last fell, a packet a
//! round trip ([`aimd`]); short bursts above the estimate find out what more would fit ([`probe`],
//! [`cluster`]), and longer ones confirm it once the link was seen full ([`probe_confirmation`]); loss counts only
//! where it comes with rate ([`loss`]).
//!
//! ```text
//! feedback ─┬─► Delay: groups ─► trend, queue ──┐
//!           ├─► RateWindow: sent, arrived ──────┼─► Aimd: the estimate ─► layer
//!           ├─► Loss: random, or with rate? ────┤          ▲
//!           └─► Cluster: a probe's rate ────────┘          │ min
//!                     ▲                       REMB ────────┘
//!                  Prober ─► probes to send
//! ```
//!
//! Where it departs from libwebrtc, because a forwarding server sends what layers there are and
//! seldom as much as it may:
//!
//! - A growing trend counts as overuse only when the queue itself is seen: the least delay of the
//!   last groups above the least of the last 10 to 20 s. Jitter alone has a trend, but no queue.
//! - A long queue that does not get shorter is overuse without any trend, once; if that does not
//!   help it is somebody else's, or another way, and the delay is measured from there.
//! - The queue of a probe is the probe's: it lowers nothing.
//! - Overuse while little is sent says little of the capacity: the estimate falls stepwise.
//! - While the application sends little, the estimate does not grow past the capacity last seen;
//!   only a probe raises it further. A probe never lowers it.
//! - Loss that stays when the rate has fallen is the link's own, and is forgiven.
//!
//! Deliberately left out: pacing and padding (the sender's), ECN, round-trip based back-off, probing
//! that repeats without a layer to gain, and sharing what is learnt between viewers.
//!
//! Sans-IO and pure: time is microseconds since any start. One estimator holds no heap memory.

mod aimd;
mod cluster;
mod delay;
mod loss;
mod probe;
mod probe_confirmation;
mod rate;
#[cfg(test)]
mod tests;
mod trendline;

use aimd::Aimd;
use delay::{Delay, Usage};
use loss::{Loss, Verdict};
pub use probe::Probe;
use probe::{Prober, Wish};
use rate::RateWindow;

/// No feedback for this long, though packets were sent: the way there or back is interrupted.
const SILENCE_US: u64 = 1_500_000;

/// How often a silence halves the estimate: whatever the outage is, filling its queue makes the
/// return later.
const SILENCE_STEP_US: u64 = 1_000_000;

/// What arrives without a queue is carried, less what may have been a burst.
const ARRIVES: f64 = 0.9;

/// A link's own loss beyond this makes repetitions worth sending twice: at 5 %, which takes another 5 % of the
/// link, two of three freezes do not happen. Loss of now, whatever its reason, does beyond the other bound.
const LOSSY: f64 = 0.03;
const LOSSY_NOW: f64 = 0.08;

/// Feedback younger than this makes receiver reports superfluous.
const TWCC_FRESH_US: u64 = 5_000_000;

/// How long a REMB bounds the estimate beside transport-wide feedback.
const REMB_FRESH_US: u64 = 10_000_000;

/// Growth without transport-wide feedback, a second (RFC 8888's ancestors: 5 to 8 %).
const REPORT_GROWTH: f64 = 1.08;

/// Receiver reports of less loss than this let the estimate grow.
const REPORT_LOW_LOSS: f64 = 0.02;

/// Receiver reports of more loss than this lower it. As in [`loss`]: less is common on good links.
const REPORT_HIGH_LOSS: f64 = 0.12;

/// What became of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketResult {
    /// When it was sent: our clock, in µs since any start.
    pub sent_us: u64,
    /// When it arrived: the receiver's clock, in µs, unwrapped by the caller. `None`: lost.
    pub received_us: Option<i64>,
    /// Its size on the network.
    pub bytes: u32,
    /// The probe it was part of.
    pub probe: Option<u8>,
}

/// The estimate of one viewer's link.
#[derive(Debug)]
pub struct Estimator {
    delay: Delay,
    loss: Loss,
    aimd: Aimd,
    prober: Prober,
    /// What arrived, on the receiver's clock.
    acked: RateWindow,
    /// What was sent of that which feedback has come for, lost packets too, on our clock.
    sent: RateWindow,
    rtt_us: u64,
    /// Of the newest packet of earlier feedback.
    newest_sent_us: u64,
    feedback_at: Option<u64>,
    /// When the first packet after the latest feedback was sent.
    unanswered_since: Option<u64>,
    /// When the estimate was halved for lack of feedback.
    silenced_at: Option<u64>,
    remb: Option<(u64, u64)>,
    report_at: Option<u64>,
    lossy_until_us: u64,
    current_bps: u64,
    next_bps: u64,
}

impl Estimator {
    /// An estimator for a link of which nothing is known. `max_bps` also bounds the probes: some
    /// 1.3 times what can be sent at most is a good choice.
    pub fn new(now_us: u64, start_bps: u64, min_bps: u64, max_bps: u64) -> Self {
        let min_bps = min_bps.max(1);
        let max_bps = max_bps.max(min_bps);
        let start_bps = start_bps.clamp(min_bps, max_bps);
        Self {
            delay: Delay::default(),
            loss: Loss::default(),
            aimd: Aimd::new(now_us, start_bps as f64, min_bps as f64, max_bps as f64),
            prober: Prober::new(start_bps, max_bps),
            acked: RateWindow::default(),
            sent: RateWindow::default(),
            rtt_us: 100_000,
            newest_sent_us: 0,
            feedback_at: None,
            unanswered_since: None,
            silenced_at: None,
            remb: None,
            report_at: None,
            lossy_until_us: 0,
            current_bps: 0,
            next_bps: 0,
        }
    }

    /// One transport-wide feedback: its packets in the order of their transport sequence numbers,
    /// each told of once if possible. One told of as lost may be told of again as received.
    pub fn on_feedback(&mut self, now_us: u64, results: impl Iterator<Item = PacketResult>) {
        let mut newest = self.newest_sent_us;
        let mut any_received = false;
        for result in results {
            // A clock that is ahead of itself would make all later packets late ones.
            if result.sent_us > now_us {
                continue;
            }
            any_received |= result.received_us.is_some();
            self.on_result(&result);
            newest = newest.max(result.sent_us);
        }
        self.newest_sent_us = newest;
        self.feedback_at = Some(now_us);
        if !any_received {
            return;
        }
        self.unanswered_since = None;
        if self.silenced_at.take().is_some() {
            self.prober.hasten(now_us);
        }
        self.update(now_us);
    }

    fn on_result(&mut self, result: &PacketResult) {
        let bytes = result.bytes.min(u32::from(u16::MAX));
        let is_late = result.sent_us < self.newest_sent_us;
        if let Some(received_us) = result.received_us {
            self.acked.add(received_us, bytes);
            if !is_late {
                self.delay.on_packet(result.sent_us, received_us);
            }
        }
        if !is_late {
            self.sent.add(result.sent_us as i64, bytes);
        }
        // What a probe loses says what the probe is for, not how the link is.
        match (result.probe, result.received_us.is_some()) {
            (None, arrived) if is_late => self.loss.on_late(arrived),
            (None, arrived) => self.loss.on_packet(result.sent_us, arrived),
            (Some(_), _) => {}
        }
        if let Some(id) = result.probe {
            self.prober.on_packet(id, result.sent_us, result.received_us, bytes);
        }
    }

    /// Draws the conclusions of a feedback.
    fn update(&mut self, now_us: u64) {
        let before = self.aimd.estimate();
        let usage = if self.delay.take_stuck() { Usage::Over } else { self.delay.usage() };
        let acked = self.acked.rates();
        let sent = self.sent.rates();
        if let Some(acked) = acked {
            let verdict = match sent {
                Some(sent) => self.loss.evaluate(now_us, sent.short, acked.least(), before),
                None => Verdict::Quiet,
            };
            match verdict {
                Verdict::Reduce(bps) => self.aimd.reduce_to(now_us, bps, acked.least()),
                Verdict::Restore(bps) => self.aimd.raise_to(now_us, bps),
                Verdict::Quiet | Verdict::Hold => {}
            }
            match usage {
                // The queue is the probe's, most likely, and ends with it.
                Usage::Over if self.prober.is_probing(now_us, self.rtt_us) => {
                    self.aimd.hold(now_us);
                }
                Usage::Over => {
                    let is_long = self.delay.is_queue_long();
                    self.aimd.on_overuse(now_us, acked, sent, self.rtt_us, is_long);
                    self.loss.on_overuse();
                }
                Usage::Normal if verdict == Verdict::Quiet && !self.delay.is_queue_standing() => {
                    if self.prober.was_probing(now_us, rate::LONG_US + 2 * self.rtt_us) {
                        // What arrived lately is in part a probe, which tells of itself.
                        self.aimd.hold(now_us);
                    } else {
                        // After an interruption the estimate is far below what arrives all the same.
                        self.aimd.raise_to(now_us, ARRIVES * acked.least());
                        self.aimd.increase(now_us, acked, sent, self.rtt_us);
                    }
                }
                Usage::Normal | Usage::Under => self.aimd.hold(now_us),
            }
        }
        let after = self.aimd.estimate();
        if after < before {
            self.prober.on_fall(now_us, before, after);
        }
        if let Some(bps) = self.prober.result(self.loss.inherent(), after)
            && usage != Usage::Over
            && bps > after
        {
            self.aimd.raise_to(now_us, bps);
            self.prober.on_raised(now_us, self.aimd.estimate());
        }
        let is_remb_old = |at: u64| now_us.saturating_sub(at) > REMB_FRESH_US;
        self.remb = self.remb.filter(|(at, _)| !is_remb_old(*at));
    }

    /// A round-trip time, by whatever it was measured.
    pub fn on_rtt(&mut self, rtt_us: u64) {
        self.rtt_us = rtt_us.clamp(1_000, 2_000_000);
    }

    /// The loss in a receiver report, in 256ths. Heard only of a viewer without transport-wide
    /// feedback.
    pub fn on_receiver_report(&mut self, now_us: u64, fraction_lost: u8) {
        if self.has_feedback(now_us) {
            return;
        }
        let elapsed = self.report_at.map_or(0, |at| now_us.saturating_sub(at));
        let loss = f64::from(fraction_lost) / 256.0;
        if loss > REPORT_HIGH_LOSS {
            self.lossy_until_us = now_us.saturating_add(TWCC_FRESH_US);
            if self.report_at.is_some() && elapsed < 300_000 + self.rtt_us {
                return;
            }
            let target = self.aimd.estimate() * (1.0 - 0.5 * loss);
            self.aimd.reduce_to(now_us, target, target);
        } else if loss < REPORT_LOW_LOSS {
            let seconds = elapsed.min(5_000_000) as f64 / 1e6;
            let target = self.aimd.estimate() * REPORT_GROWTH.powf(seconds);
            self.aimd.raise_to(now_us, target);
        }
        self.report_at = Some(now_us);
    }

    /// The receiver's own estimate: an upper bound beside transport-wide feedback, and without it
    /// the estimate itself, unless receiver reports tell of heavy loss.
    pub fn on_remb(&mut self, now_us: u64, bps: u64) {
        self.remb = Some((now_us, bps));
        if !self.has_feedback(now_us) && now_us >= self.lossy_until_us {
            self.aimd.set(now_us, bps as f64);
        }
    }

    /// Something was handed to the network. How much is learnt from the feedback for it.
    #[inline]
    pub fn on_sent(&mut self, now_us: u64) {
        if self.unanswered_since.is_none() {
            self.unanswered_since = Some(now_us);
        }
    }

    /// What the sender sends now, and what it would send with the next layer up; 0: there is none.
    pub fn set_demand(&mut self, current_bps: u64, next_bps: u64) {
        self.current_bps = current_bps;
        self.next_bps = next_bps;
    }

    /// What may be sent, in bits a second, all headers included.
    pub fn estimate_bps(&self) -> u64 {
        let bound = self.remb.map_or(f64::MAX, |(_, bps)| bps as f64);
        self.aimd.clamp(self.aimd.estimate().min(bound)) as u64
    }

    /// What arrives now, in bits a second: the link carries at least this, whatever is lost beside it.
    pub fn arriving_bps(&self) -> u64 {
        self.acked.rates().map_or(0, |it| it.least() as u64)
    }

    /// Whether the link loses so much, at whatever rate, that what is repeated is lost again often
    /// enough to matter, and no queue is the reason.
    pub fn is_lossy(&self) -> bool {
        let is_lossy = self.loss.inherent() > LOSSY || self.loss.recent() > LOSSY_NOW;
        is_lossy && !self.is_overusing()
    }

    /// Whether much gets lost now, and no queue is the reason.
    pub fn loses_much(&self) -> bool {
        self.loss.recent() > LOSSY_NOW && !self.is_overusing()
    }

    /// Whether the queue grows on the way.
    pub fn is_overusing(&self) -> bool {
        self.delay.usage() == Usage::Over
    }

    /// What to probe now, if anything. Asked after each feedback and timeout.
    pub fn poll_probe(&mut self, now_us: u64) -> Option<Probe> {
        let wish = self.wish();
        self.prober.poll(now_us, &wish)
    }

    /// When [`Self::handle_timeout`] and [`Self::poll_probe`] have something to do at the latest.
    pub fn next_timeout_us(&self) -> Option<u64> {
        let silence = self.silence_deadline();
        let probe = self.prober.timeout(&self.wish());
        silence.into_iter().chain(probe).min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now_us: u64) {
        if self.silence_deadline().is_some_and(|at| at <= now_us) {
            self.silenced_at = Some(now_us);
            self.aimd.set(now_us, self.aimd.estimate() * 0.5);
        }
        self.prober.handle_timeout(now_us, self.aimd.estimate());
    }

    fn has_feedback(&self, now_us: u64) -> bool {
        self.feedback_at.is_some_and(|at| now_us.saturating_sub(at) < TWCC_FRESH_US)
    }

    /// When the estimate is to be halved for lack of feedback.
    fn silence_deadline(&self) -> Option<u64> {
        let since = self.unanswered_since?;
        self.feedback_at?;
        if self.aimd.is_least() {
            return None;
        }
        Some(match self.silenced_at {
            Some(at) => at.saturating_add(SILENCE_STEP_US),
            None => since.saturating_add(SILENCE_US + 2 * self.rtt_us),
        })
    }

    fn wish(&self) -> Wish {
        Wish {
            estimate_bps: self.aimd.estimate(),
            capacity_bps: self.aimd.surely_fits(),
            current_bps: self.current_bps,
            next_bps: self.next_bps,
            rtt_us: self.rtt_us,
            // Where the link was seen full, a long probe makes a long queue.
            jitter_us: if self.aimd.knows_capacity() { 0 } else { self.delay.jitter_us() },
            calm: (self.feedback_at.is_some() || self.remb.is_some())
                && self.delay.usage() != Usage::Over
                && !self.delay.is_queue_standing()
                && self.silenced_at.is_none(),
        }
    }
}
