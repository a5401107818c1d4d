//! Whether loss depends on the rate. A radio link loses a tenth of the packets at any rate, and sending less does not
//! help. A policer drops what exceeds its rate, without any delay before.
//!
//! The link's inherent loss is learnt at rates that are known to fit. Loss above it at rates not known to fit, or heavy
//! loss at any rate, lowers the estimate to the received rate; for a policer that is its rate. The reduction is a
//! trial: if the rate has fallen and the loss has not, the loss was inherent, and the estimate is restored.
//!
//! libwebrtc instead fits a model with both unknowns to the last 20 observations. This is the same idea for links that
//! are one or the other, and takes only a few additions.

/// Length of a window.
const WINDOW_US: u64 = 250_000;

/// Packets in a window at least.
const MIN_PACKETS: u32 = 20;

/// If all packets are lost for longer than this, the path is interrupted; that shows nothing about the rate.
const OUTAGE_US: u64 = 300_000;

/// Loss that is tolerated at any rate.
const BORNE: f64 = 0.12;

/// Loss above the inherent one that is tolerated at rates not known to fit.
const SLACK: f64 = 0.03;
/// The same as a part of the inherent loss: the higher it is, the less exactly it is known.
const RELATIVE_SLACK: f64 = 0.25;

/// Weight of earlier windows' counts with each new window: a memory of 1.5 s.
const MEMORY: f64 = 0.85;

/// A rate that changes by more than this part starts new counts.
const OTHER_RATE: f64 = 0.25;

/// Rates up to this many times the best known one count as known.
const KNOWN: f64 = 1.02;

/// If the sender uses the estimate fully, inherent loss is learnt only below this part of the best known rate.
/// Otherwise a slowly rising rate would make its own loss the inherent one.
const WELL_KNOWN: f64 = 0.8;
/// A sender below this part of the estimate does not raise its rate slowly.
const LIMITED: f64 = 0.75;

/// A trial lowers the estimate to this part of the received rate.
const BACK_OFF: f64 = 0.95;

/// A trial ends once the rate is at most this part of the rate before.
const TRIAL_RATE: f64 = 0.85;
/// A trial ends after this at the latest. A sender that has not lowered its rate by then has no lower layer: restoring the
/// estimate costs nothing, and allows probes.
const TRIAL_US: u64 = 2_500_000;

/// If the loss is still at least this part of the loss before, it does not depend on the rate. The loss before is
/// overestimated, the more so the fewer packets it is from.
const STAYED: f64 = 0.5;

/// The highest inherent loss: a link with more is not usable.
const MAX_INHERENT: f64 = 0.5;

/// Result of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// No change.
    Quiet,
    /// Do not grow.
    Hold,
    /// Lower the estimate to this, in bit/s.
    Reduce(f64),
    /// Restore the estimate from before the last reduction, in bit/s.
    Restore(f64),
}

/// A reduction, to see whether the loss falls.
#[derive(Debug, Clone, Copy)]
struct Trial {
    began_us: u64,
    rate: f64,
    loss: f64,
    estimate: f64,
}

/// Tracks loss.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    /// When the first packet of this window was sent.
    began_us: Option<u64>,
    packets: u32,
    lost: u32,
    /// Packets lost since the last one that was received.
    pending: u32,
    arrived_us: u64,
    /// Packets of the last second or so, at about the same rate.
    sum: f64,
    /// Those of them that were lost.
    sum_lost: f64,
    /// Their rate, in bit/s.
    rate: f64,
    /// Windows since the rate changed.
    n_steady: u32,
    /// Smoothed loss.
    recent: f64,
    /// The inherent loss.
    inherent: Option<f64>,
    /// The highest rate at which the loss was no higher than that.
    good_rate: f64,
    trial: Option<Trial>,
}

impl Loss {
    /// Records a packet, in the order of sending.
    pub(crate) fn on_packet(&mut self, sent_us: u64, arrived: bool) {
        if !arrived {
            self.pending += 1;
            return;
        }
        let gap = sent_us.saturating_sub(self.arrived_us);
        self.arrived_us = sent_us;
        if gap > OUTAGE_US {
            // Nothing was sent, or everything was lost.
            self.pending = 0;
            self.packets = 0;
            self.lost = 0;
            self.began_us = None;
        }
        self.began_us.get_or_insert(sent_us);
        self.packets = self.packets.saturating_add(1 + self.pending);
        self.lost = self.lost.saturating_add(self.pending);
        self.pending = 0;
    }

    /// Records a packet that earlier feedback reported already, perhaps as lost.
    pub(crate) fn on_late(&mut self, arrived: bool) {
        if arrived {
            self.lost = self.lost.saturating_sub(1);
        }
    }

    /// A queue grows. Loss may be the queue's, and its effect on the estimate is not undone.
    pub(crate) fn on_overuse(&mut self) {
        self.trial = None;
    }

    /// The loss of the last half second or so, at any rate.
    pub(crate) fn recent(&self) -> f64 {
        self.recent
    }

    /// The link's inherent loss.
    pub(crate) fn inherent(&self) -> f64 {
        self.inherent.unwrap_or(0.0)
    }

    /// Evaluates a window if one is complete. `sent`, `acked`: rates sent and received, in bit/s.
    pub(crate) fn evaluate(
        &mut self,
        now_us: u64,
        sent: f64,
        acked: f64,
        estimate: f64,
    ) -> Verdict {
        let Some(began_us) = self.began_us else { return Verdict::Quiet };
        let span = self.arrived_us.saturating_sub(began_us);
        if span < WINDOW_US || (self.packets < MIN_PACKETS && span < 4 * WINDOW_US) {
            return if self.trial.is_some() { Verdict::Hold } else { Verdict::Quiet };
        }
        let packets = f64::from(self.packets);
        let lost = f64::from(self.lost);
        self.began_us = None;
        self.packets = 0;
        self.lost = 0;
        self.recent += 0.5 * (lost / packets.max(1.0) - self.recent);

        if (sent - self.rate).abs() > OTHER_RATE * self.rate {
            self.rate = sent;
            self.sum = 0.0;
            self.sum_lost = 0.0;
            self.n_steady = 0;
        } else {
            self.rate += 0.3 * (sent - self.rate);
            self.sum = MEMORY * self.sum + packets;
            self.sum_lost = MEMORY * self.sum_lost + lost;
            self.n_steady += 1;
        }
        if let Some(verdict) = self.conclude_trial(now_us) {
            return verdict;
        }
        let borne = BORNE.max(self.above_inherent());
        let is_heavy = exceeds(packets, lost, borne, 3.0)
            || exceeds(
                self.sum,
                self.sum_lost,
                self.borne(),
                if self.sum < 150.0 { 3.0 } else { 2.0 },
            );
        if is_heavy {
            return self.begin_trial(now_us, sent, acked, estimate, lost / packets.max(1.0));
        }
        self.learn(sent < LIMITED * estimate);
        if self.trial.is_some() { Verdict::Hold } else { Verdict::Quiet }
    }

    /// The loss that is tolerated at the current rate.
    fn borne(&self) -> f64 {
        match self.inherent {
            Some(_) if self.rate > KNOWN * self.good_rate => self.above_inherent(),
            _ => BORNE.max(self.above_inherent()),
        }
    }

    fn above_inherent(&self) -> f64 {
        self.inherent() * (1.0 + RELATIVE_SLACK) + SLACK
    }

    fn begin_trial(
        &mut self,
        now_us: u64,
        sent: f64,
        acked: f64,
        estimate: f64,
        loss: f64,
    ) -> Verdict {
        let target = BACK_OFF * acked;
        if target >= estimate {
            return Verdict::Hold;
        }
        let loss = if self.sum > 0.0 { loss.max(self.sum_lost / self.sum) } else { loss };
        // Of several reductions, the first is the one to undo.
        let known = self.trial;
        self.trial = Some(Trial {
            began_us: known.map_or(now_us, |it| it.began_us),
            rate: known.map_or(sent, |it| it.rate.max(sent)),
            loss: known.map_or(loss, |it| it.loss.max(loss)),
            estimate: known.map_or(estimate, |it| it.estimate.max(estimate)),
        });
        self.good_rate = self.good_rate.min(target);
        self.sum = 0.0;
        self.sum_lost = 0.0;
        self.n_steady = 0;
        Verdict::Reduce(target)
    }

    /// Ends a trial if it shows whether the lower rate has reduced the loss.
    fn conclude_trial(&mut self, now_us: u64) -> Option<Verdict> {
        let trial = self.trial?;
        let is_lower = self.rate <= TRIAL_RATE * trial.rate;
        let is_over = now_us.saturating_sub(trial.began_us) > TRIAL_US;
        if !(is_lower || is_over) || self.n_steady < 2 || self.sum < 60.0 {
            return None;
        }
        let expected = self.sum * STAYED * trial.loss;
        if self.sum_lost < expected {
            let chance = (expected * (1.0 - STAYED * trial.loss)).sqrt();
            if is_over || self.sum_lost < expected - 2.0 * chance {
                self.trial = None;
            }
            return None;
        }
        self.trial = None;
        let loss = self.sum_lost / self.sum;
        // Both losses are from few packets; a value that is too high is corrected later.
        self.inherent = Some(loss.max(trial.loss).min(MAX_INHERENT));
        self.good_rate = self.good_rate.max(self.rate);
        Some(Verdict::Restore(trial.estimate))
    }

    /// Outside of trials: learns the inherent loss, and the rates at which there is no more.
    fn learn(&mut self, is_limited: bool) {
        if self.sum < 60.0 {
            return;
        }
        let loss = self.sum_lost / self.sum;
        let Some(inherent) = &mut self.inherent else {
            if self.sum >= 100.0 {
                self.inherent = Some(loss.min(BORNE));
                self.good_rate = self.rate;
            }
            return;
        };
        let chance = (self.sum * *inherent * (1.0 - *inherent)).sqrt();
        let is_less = self.sum_lost < self.sum * *inherent - 2.0 * chance;
        let known = if is_limited { KNOWN } else { WELL_KNOWN };
        if is_less || self.rate <= known * self.good_rate {
            *inherent += 0.05 * (loss - *inherent);
        }
        if loss <= *inherent + 0.01 {
            self.good_rate = self.good_rate.max(self.rate);
        }
    }
}

/// Whether `lost` of `packets` exceeds a loss of `p` by more than chance: by this many standard deviations.
fn exceeds(packets: f64, lost: f64, p: f64, deviations: f64) -> bool {
    lost > packets * p + deviations * (packets * p * (1.0 - p)).sqrt() + 2.0
}
