//! Send-side bandwidth estimation for one viewer, from transport-wide feedback of its browser.
//!
//! Follows Google Congestion Control (draft-ietf-rmcat-gcc-02) and its implementation in libwebrtc. A rising trend of
//! the one-way delay shows a growing queue ([`delay`], [`trendline`]). The estimate then falls to 0.85 of the received
//! rate. It rises by 8% a second, or, near the rate where it last fell, by a packet per round trip ([`aimd`]). Short
//! bursts above the estimate probe for more capacity ([`probe`], [`cluster`]); after the link was seen full, longer
//! ones confirm the result ([`probe_confirmation`]). Loss lowers the estimate only if it depends on the rate
//! ([`loss`]).
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
//! Differences from libwebrtc, as a forwarding server can only send existing layers, and seldom sends as much as the
//! estimate:
//!
//! - A rising trend is overuse only if the queue itself is seen: the least delay of the last groups exceeds the least
//!   of the last 10 to 20 s. Jitter alone has a trend, but no queue.
//! - A long queue that does not get shorter is overuse without a trend, once. If lowering the estimate does not help,
//!   the queue is other traffic's or the path has changed, and the delay is measured from there.
//! - A queue during a probe is the probe's, and does not lower the estimate.
//! - Overuse while little is sent shows little about the capacity: the estimate falls in steps.
//! - While the application sends little, the estimate does not grow above the capacity last seen; only a probe raises
//!   it further. A probe never lowers it.
//! - Loss that stays after the rate has fallen is the link's own, and the reduction is undone.
//!
//! Deliberately left out: pacing and padding (the sender's), ECN, back-off by round-trip time, periodic probes without
//! a layer to gain, and sharing results between viewers.
//!
//! Sans-IO and pure: time is in microseconds from any origin. An estimator uses no heap memory.

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

/// Without feedback for this long after a packet was sent, the path is interrupted.
const SILENCE_US: u64 = 1_500_000;

/// Interval at which the estimate is halved during an interruption: a queue filled meanwhile would delay the recovery.
const SILENCE_STEP_US: u64 = 1_000_000;

/// Without a queue, the estimate is at least this part of the received rate; the rest may have been a burst.
const ARRIVES: f64 = 0.9;

/// Inherent loss of a link above which retransmissions are sent twice. At 5%, that costs another 5% of the link and
/// avoids two of three freezes.
const LOSSY: f64 = 0.03;
/// Current loss, whatever its reason, above which retransmissions are sent twice.
const LOSSY_NOW: f64 = 0.08;

/// With feedback younger than this, receiver reports are ignored.
const TWCC_FRESH_US: u64 = 5_000_000;

/// How long a REMB limits the estimate beside transport-wide feedback.
const REMB_FRESH_US: u64 = 10_000_000;

/// Growth per second without transport-wide feedback (RFC 8888's ancestors: 5 to 8%).
const REPORT_GROWTH: f64 = 1.08;

/// Receiver reports with less loss than this let the estimate grow.
const REPORT_LOW_LOSS: f64 = 0.02;

/// Receiver reports with more loss than this lower it. Less is common on good links, as in [`loss`].
const REPORT_HIGH_LOSS: f64 = 0.12;

/// Feedback about one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketResult {
    /// When it was sent, in µs of our clock.
    pub sent_us: u64,
    /// When it arrived, in µs of the receiver's clock, unwrapped by the caller. `None`: lost.
    pub received_us: Option<i64>,
    /// Its size on the network, in bytes.
    pub bytes: u32,
    /// Id of the probe that it was part of.
    pub probe: Option<u8>,
}

/// The bandwidth estimate of one viewer's link.
#[derive(Debug)]
pub struct Estimator {
    delay: Delay,
    loss: Loss,
    aimd: Aimd,
    prober: Prober,
    /// Received bytes, by the receiver's clock.
    acked: RateWindow,
    /// Sent bytes that feedback covers, lost packets included, by our clock.
    sent: RateWindow,
    rtt_us: u64,
    /// When the newest packet of earlier feedback was sent.
    newest_sent_us: u64,
    feedback_at: Option<u64>,
    /// When the first packet after the latest feedback was sent.
    unanswered_since: Option<u64>,
    /// When the estimate was last halved for lack of feedback.
    silenced_at: Option<u64>,
    remb: Option<(u64, u64)>,
    report_at: Option<u64>,
    lossy_until_us: u64,
    current_bps: u64,
    next_bps: u64,
}

impl Estimator {
    /// Creates an estimator for an unknown link. `max_bps` also limits the probes: some 1.3 times the highest rate to
    /// send is a good choice.
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

    /// Processes one transport-wide feedback, with its packets in the order of their transport sequence numbers. Each
    /// packet should be reported once; one reported as lost may later be reported as received.
    pub fn on_feedback(&mut self, now_us: u64, results: impl Iterator<Item = PacketResult>) {
        let mut newest = self.newest_sent_us;
        let mut any_received = false;
        for result in results {
            // A packet sent in the future would make all later packets look late.
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
        // Loss in a probe is evaluated with the probe: it shows nothing about the link otherwise.
        match (result.probe, result.received_us.is_some()) {
            (None, arrived) if is_late => self.loss.on_late(arrived),
            (None, arrived) => self.loss.on_packet(result.sent_us, arrived),
            (Some(_), _) => {}
        }
        if let Some(id) = result.probe {
            self.prober.on_packet(id, result.sent_us, result.received_us, bytes);
        }
    }

    /// Updates the estimate after a feedback.
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
                // The queue is most likely the probe's, and ends with it.
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
                        // The received rate includes a probe, which is evaluated separately.
                        self.aimd.hold(now_us);
                    } else {
                        // After an interruption the estimate is far below the received rate.
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

    /// Sets the round-trip time, from any measurement.
    pub fn on_rtt(&mut self, rtt_us: u64) {
        self.rtt_us = rtt_us.clamp(1_000, 2_000_000);
    }

    /// Processes the loss in a receiver report, in 1/256. Ignored with transport-wide feedback.
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

    /// Processes the receiver's own estimate. Beside transport-wide feedback it is an upper bound. Without, it is the
    /// estimate, unless receiver reports show heavy loss.
    pub fn on_remb(&mut self, now_us: u64, bps: u64) {
        self.remb = Some((now_us, bps));
        if !self.has_feedback(now_us) && now_us >= self.lossy_until_us {
            self.aimd.set(now_us, bps as f64);
        }
    }

    /// Tells that a packet was sent. Its size is learnt from the feedback.
    #[inline]
    pub fn on_sent(&mut self, now_us: u64) {
        if self.unanswered_since.is_none() {
            self.unanswered_since = Some(now_us);
        }
    }

    /// Sets the current rate, and the rate with the next higher layer; 0: there is none.
    pub fn set_demand(&mut self, current_bps: u64, next_bps: u64) {
        self.current_bps = current_bps;
        self.next_bps = next_bps;
    }

    /// The estimate in bit/s, with all headers.
    pub fn estimate_bps(&self) -> u64 {
        let bound = self.remb.map_or(f64::MAX, |(_, bps)| bps as f64);
        self.aimd.clamp(self.aimd.estimate().min(bound)) as u64
    }

    /// The received rate in bit/s. The link carries at least this, whatever it loses besides.
    pub fn arriving_bps(&self) -> u64 {
        self.acked.rates().map_or(0, |it| it.least() as u64)
    }

    /// Whether so many packets are lost that retransmissions are often lost too, and no queue is the reason.
    pub fn is_lossy(&self) -> bool {
        let is_lossy = self.loss.inherent() > LOSSY || self.loss.recent() > LOSSY_NOW;
        is_lossy && !self.is_overusing()
    }

    /// Whether current loss is high, and no queue is the reason.
    pub fn loses_much(&self) -> bool {
        self.loss.recent() > LOSSY_NOW && !self.is_overusing()
    }

    /// Whether the queue on the path grows.
    pub fn is_overusing(&self) -> bool {
        self.delay.usage() == Usage::Over
    }

    /// The probe to send now, if any. Call it after each feedback and timeout.
    pub fn poll_probe(&mut self, now_us: u64) -> Option<Probe> {
        let wish = self.wish();
        self.prober.poll(now_us, &wish)
    }

    /// When to call [`Self::handle_timeout`] and [`Self::poll_probe`] at the latest.
    pub fn next_timeout_us(&self) -> Option<u64> {
        let silence = self.silence_deadline();
        let probe = self.prober.timeout(&self.wish());
        silence.into_iter().chain(probe).min()
    }

    /// Handles timers that are due.
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

    /// When the estimate is halved for lack of feedback.
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
            // Once the link was seen full, a long probe would make a long queue.
            jitter_us: if self.aimd.knows_capacity() { 0 } else { self.delay.jitter_us() },
            calm: (self.feedback_at.is_some() || self.remb.is_some())
                && self.delay.usage() != Usage::Over
                && !self.delay.is_queue_standing()
                && self.silenced_at.is_none(),
        }
    }
}
