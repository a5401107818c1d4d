//! Whether loss comes with rate. A radio link loses a tenth of the packets at any rate, and sending
//! less of them helps nobody; a policer drops what is above its rate, without any delay before.
//!
//! The link's own loss is learnt where the rate is known to be no problem. Loss above it, beyond
//! rates known to be good, or heavy loss at any rate, lowers the estimate to what arrives: at a
//! policer that is its rate. That is a trial: when the rate has fallen and the loss has not, it was
//! the link's own, and the estimate is as before.
//!
//! libwebrtc fits a model with both unknowns to the last 20 observations instead; this is the same
//! idea for links that are one or the other, in a few additions.

/// How long one window is.
const WINDOW_US: u64 = 250_000;

/// Packets that a window has at least.
const MIN_PACKETS: u32 = 20;

/// All lost for longer than this is an interruption, and says nothing of the rate.
const OUTAGE_US: u64 = 300_000;

/// Loss that is borne at any rate.
const BORNE: f64 = 0.12;

/// Loss above the link's own that is borne at rates not known to be good, and how much more of it
/// is, for the more a link loses the less well its share is known.
const SLACK: f64 = 0.03;
const RELATIVE_SLACK: f64 = 0.25;

/// How much of the earlier windows' counts remains with each: a memory of a second and a half.
const MEMORY: f64 = 0.85;

/// A rate that changed by more begins a new count.
const OTHER_RATE: f64 = 0.25;

/// Rates up to this many times the best known one are known as well.
const KNOWN: f64 = 1.02;

/// A sender that uses the estimate up tells of the link's own loss only well below the best known
/// rate, or a rate that creeps up would make its loss the link's own. One that sends less than
/// this part of the estimate does not creep.
const WELL_KNOWN: f64 = 0.8;
const LIMITED: f64 = 0.75;

/// What the estimate becomes of what arrives.
const BACK_OFF: f64 = 0.95;

/// A trial ends when this part of the rate is sent at most. A sender that has not got there by this
/// time has nothing smaller to send: to forgive the loss costs nothing then, and lets probes look
/// for more.
const TRIAL_RATE: f64 = 0.85;
const TRIAL_US: u64 = 2_500_000;

/// Loss that stays at this part of what it was has not come with the rate. What it was is the more
/// overrated the fewer packets told of it.
const STAYED: f64 = 0.5;

/// No link loses more than this by itself and is usable.
const MAX_INHERENT: f64 = 0.5;

/// What loss says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// Nothing.
    Quiet,
    /// Better not more.
    Hold,
    /// Not more than this, in bits a second.
    Reduce(f64),
    /// As much as before the last reduction, in bits a second.
    Restore(f64),
}

/// What was lowered, to see whether that helps.
#[derive(Debug, Clone, Copy)]
struct Trial {
    began_us: u64,
    rate: f64,
    loss: f64,
    estimate: f64,
}

/// Watches loss.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    /// When the first packet of this window was sent.
    began_us: Option<u64>,
    packets: u32,
    lost: u32,
    /// Lost after the last that arrived.
    pending: u32,
    arrived_us: u64,
    /// Packets and lost ones of the last second or so, all at about this rate.
    sum: f64,
    sum_lost: f64,
    rate: f64,
    /// Windows since the rate changed.
    n_steady: u32,
    /// Smoothed.
    recent: f64,
    /// The link's own.
    inherent: Option<f64>,
    /// The highest rate with no more than that.
    good_rate: f64,
    trial: Option<Trial>,
}

impl Loss {
    /// A packet, in the order of sending.
    pub(crate) fn on_packet(&mut self, sent_us: u64, arrived: bool) {
        if !arrived {
            self.pending += 1;
            return;
        }
        let gap = sent_us.saturating_sub(self.arrived_us);
        self.arrived_us = sent_us;
        if gap > OUTAGE_US {
            // Nothing sent, or all lost.
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

    /// A packet that earlier feedback told of already. It may have been counted as lost.
    pub(crate) fn on_late(&mut self, arrived: bool) {
        if arrived {
            self.lost = self.lost.saturating_sub(1);
        }
    }

    /// A queue grows: loss may be its, and what it does to the estimate is not taken back.
    pub(crate) fn on_overuse(&mut self) {
        self.trial = None;
    }

    /// The loss of the last half second or so, at whatever rate.
    pub(crate) fn recent(&self) -> f64 {
        self.recent
    }

    /// The link's own loss.
    pub(crate) fn inherent(&self) -> f64 {
        self.inherent.unwrap_or(0.0)
    }

    /// Draws the conclusion of a window, when there is one, from the rates sent and arrived.
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

    /// The loss that is borne at the current rate.
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
        // The first of several reductions is the one to take back.
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

    /// Whether the lower rate has helped.
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
        // Both were measured on few packets; what is too much will be unlearnt.
        self.inherent = Some(loss.max(trial.loss).min(MAX_INHERENT));
        self.good_rate = self.good_rate.max(self.rate);
        Some(Verdict::Restore(trial.estimate))
    }

    /// Ordinary times: what the link loses by itself, and up to which rate.
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

/// Whether so many lost are more than chance makes of a loss of `p`.
fn exceeds(packets: f64, lost: f64, p: f64, deviations: f64) -> bool {
    lost > packets * p + deviations * (packets * p * (1.0 - p)).sqrt() + 2.0
}
