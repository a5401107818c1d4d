//! When to send more than the estimate for a moment, to see whether it fits: at the start, and
//! whenever there is a better layer that the estimate has no room for.

use super::cluster::{Cluster, MIN_PACKETS, PACKET_BYTES};
use super::probe_confirmation::{ProbeConfirmation, Verdict};

/// The first probes, as multiples of the start.
const FIRST: [u64; 2] = [3, 6];

/// A first probe that found this part of its rate is followed by one at twice what it found.
const FURTHER: f64 = 0.7;

/// How long a probe is, as far as [`MIN_PACKETS`] allow, and how much longer on a link whose delay
/// is shaky, which would blur it.
const SPAN_US: u64 = 15_000;
const SPANS_OF_JITTER: u64 = 4;
const MAX_SPAN_US: u64 = 100_000;

/// The room that a layer needs above its rate before it is gone to; the probe asks for more, as a
/// full link yields [`super::cluster`]'s part of what it has.
const ROOM: f64 = 1.15;
const ASK: f64 = 1.4;

/// What is found is confirmed on a link that was seen full, unless it is less than this many times the estimate.
const WORTH_CONFIRMING: f64 = 1.2;

/// The least time between two probes for a layer; half as much again after each failure but the
/// first, up to a limit: a probe that fails makes a queue of some 50 ms.
const INTERVAL_US: u64 = 5_000_000;
const MAX_INTERVAL_US: u64 = 15_000_000;

/// The limit is this many times longer at most when probes were wrong: each costs a second of a
/// layer that does not fit.
const MAX_WRONG: u32 = 3;

/// A probe whose feedback got lost is sent again after this.
const UNHEARD_US: u64 = 1_000_000;

/// After a probe that found its goal, the next layer's turn comes soon.
const AFTER_SUCCESS_US: u64 = 2_000_000;

/// How soon after a fall a probe looks whether it was a passing one.
const AFTER_FALL_US: u64 = 2_500_000;

/// A fall this soon after a probe shows that the probe was wrong.
const TRUST_US: u64 = 10_000_000;

/// How long the queue of a probe is felt after it.
const DRAIN_US: u64 = 400_000;

/// Probes whose packets are waited for.
const N_CLUSTERS: usize = 4;

/// What to send: `bytes` in all, padding included, over `duration_us`, each packet marked with
/// `id`. Media sent meanwhile counts and is marked as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// What its packets are marked with.
    pub id: u8,
    /// The rate.
    pub bps: u64,
    /// In all.
    pub bytes: u32,
    /// From the first packet to the last.
    pub duration_us: u64,
}

/// What is known when a probe is considered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) estimate_bps: f64,
    /// What surely fits, when the link was seen full: there and not above the estimate.
    pub(crate) capacity_bps: f64,
    pub(crate) current_bps: u64,
    pub(crate) next_bps: u64,
    pub(crate) rtt_us: u64,
    /// How much the delay changes by itself.
    pub(crate) jitter_us: u64,
    /// Whether nothing on the way speaks against sending more.
    pub(crate) calm: bool,
}

impl Wish {
    /// What the estimate should be: enough for the next layer, or for this one when the estimate
    /// is below it. `None`: it is.
    fn goal(&self, max_bps: u64) -> Option<f64> {
        let wanted = if self.next_bps > 0 { self.next_bps } else { self.current_bps };
        let goal = (wanted as f64 * ROOM).min(max_bps as f64 * 0.95);
        (self.estimate_bps < goal).then_some(goal)
    }
}

/// Decides on probes and hears what came of them.
#[derive(Debug)]
pub(crate) struct Prober {
    start_bps: u64,
    max_bps: u64,
    /// How many of the first probes are sent.
    n_first: usize,
    /// The next of the first probes, when the last found much.
    further_bps: u64,
    /// Until when a result of the first probes is waited for.
    first_until_us: Option<u64>,
    clusters: [Cluster; N_CLUSTERS],
    next_id: u8,
    /// Until when the last probe is being sent.
    busy_until_us: Option<u64>,
    not_before_us: u64,
    /// The last probe for a layer: until when its outcome is open, and what it is for.
    open: Option<(u64, f64)>,
    /// What it found, when longer probes are to confirm that.
    confirmation: Option<ProbeConfirmation>,
    failures: u32,
    /// Probes in a row that found what was not there.
    n_wrong: u32,
    /// When a probe last raised the estimate, and how many had failed before.
    raised: Option<(u64, u32)>,
    fell_at: Option<u64>,
}

impl Prober {
    /// Begins with the first probes.
    pub(crate) fn new(start_bps: u64, max_bps: u64) -> Self {
        Self {
            start_bps,
            max_bps,
            n_first: 0,
            further_bps: 0,
            first_until_us: None,
            clusters: [Cluster::default(); N_CLUSTERS],
            next_id: 0,
            busy_until_us: None,
            not_before_us: 0,
            open: None,
            confirmation: None,
            failures: 0,
            n_wrong: 0,
            raised: None,
            fell_at: None,
        }
    }

    /// What to probe now.
    pub(crate) fn poll(&mut self, now_us: u64, wish: &Wish) -> Option<Probe> {
        if self.busy_until_us.is_some_and(|until| now_us < until) {
            return None;
        }
        if self.is_first() {
            return self.poll_first(now_us, wish);
        }
        let goal = self.goal(wish)?;
        if !wish.calm {
            return None;
        }
        if let Some(confirmation) = &mut self.confirmation {
            let it = confirmation.next(goal, wish.capacity_bps, wish.current_bps as f64)?;
            let probe = self.send(now_us, it.bps, it.bytes, it.lead);
            self.open = Some((now_us + probe.duration_us + result_us(wish.rtt_us), goal));
            return Some(probe);
        }
        if now_us < self.not_before_us {
            return None;
        }
        let wanted = goal / ROOM;
        self.open = Some((now_us + result_us(wish.rtt_us), goal));
        self.not_before_us = now_us + self.interval();
        Some(self.issue(now_us, ((wanted * ASK) as u64).min(self.max_bps), wish))
    }

    /// When [`Self::poll`] may have something, or an outcome is due.
    pub(crate) fn timeout(&self, wish: &Wish) -> Option<u64> {
        if self.n_first < FIRST.len() || self.further_bps > 0 {
            return Some(self.busy_until_us.unwrap_or(0));
        }
        if let Some(until) = self.first_until_us {
            return Some(until);
        }
        match self.open {
            Some((until, _)) => Some(until),
            // What is not calm tells of itself by feedback.
            None if wish.calm => self.goal(wish).map(|_| self.not_before_us),
            None => None,
        }
    }

    /// Time has passed: what has not found its goal by now has failed.
    pub(crate) fn handle_timeout(&mut self, now_us: u64, estimate_bps: f64) {
        if self.first_until_us.is_some_and(|until| until <= now_us) {
            self.end_first();
        }
        let Some((_, goal)) = self.open.take_if(|(until, _)| *until <= now_us) else { return };
        self.confirmation = None;
        if estimate_bps < goal {
            // One that nothing was heard of has not failed: feedback gets lost as well.
            let last = self.clusters[usize::from(self.next_id.wrapping_sub(1)) % N_CLUSTERS];
            let pause = if last.has_arrived() {
                self.failures = (self.failures + 1).min(16);
                self.interval()
            } else {
                UNHEARD_US
            };
            self.not_before_us = now_us + pause;
        }
    }

    /// A packet of a probe.
    pub(crate) fn on_packet(&mut self, id: u8, sent_us: u64, received_us: Option<i64>, bytes: u32) {
        let cluster = self.clusters.iter_mut().find(|it| it.bytes > 0 && it.id == id);
        if let (Some(cluster), Some(received_us)) = (cluster, received_us) {
            cluster.on_packet(sent_us, received_us, bytes);
        }
    }

    /// The most that the probes of the last feedback found, in bits a second.
    pub(crate) fn result(&mut self, inherent: f64, estimate_bps: f64) -> Option<f64> {
        let mut most: Option<f64> = None;
        for at in 0..N_CLUSTERS {
            let cluster = &mut self.clusters[at];
            if !std::mem::take(&mut cluster.is_touched) {
                continue;
            }
            let Some((found, is_full)) = cluster.result(inherent) else { continue };
            let asked = cluster.bps as f64;
            let is_last = cluster.id == self.next_id.wrapping_sub(1);
            if cluster.is_long() {
                if is_last {
                    most = self.confirmed(asked, is_full).or(most);
                }
                continue;
            }
            let is_doubtful = found >= WORTH_CONFIRMING * estimate_bps;
            if is_doubtful && !self.is_first() && self.fell_at.is_some() {
                // Of one that is told of again, what came of it is known.
                if is_last {
                    self.confirmation.get_or_insert_with(|| ProbeConfirmation::new(found));
                }
                continue;
            }
            most = Some(most.map_or(found, |it| it.max(found)));
            if self.n_first == FIRST.len() && self.is_first() && found >= FURTHER * asked {
                let further = ((2.0 * found) as u64).min(self.max_bps);
                let is_more = further as f64 > 1.2 * found && further as f64 > 1.2 * asked;
                if is_more {
                    self.further_bps = further;
                }
            }
        }
        most
    }

    /// What is certain after a probe that confirms another.
    fn confirmed(&mut self, asked: f64, is_full: bool) -> Option<f64> {
        let verdict = self.confirmation.as_mut()?.on_result(asked, is_full);
        if verdict != Verdict::Open {
            self.confirmation = None;
        }
        match verdict {
            Verdict::Confirmed(bps) => Some(bps),
            Verdict::Open | Verdict::Refuted => None,
        }
    }

    /// A result raised the estimate to this.
    pub(crate) fn on_raised(&mut self, now_us: u64, estimate_bps: f64) {
        self.raised = Some((now_us, self.failures));
        if self.open.take_if(|(_, goal)| estimate_bps >= *goal).is_some() {
            self.failures = 0;
            self.not_before_us = now_us + AFTER_SUCCESS_US;
        }
    }

    /// The estimate fell.
    pub(crate) fn on_fall(&mut self, now_us: u64, before: f64, after: f64) {
        if after > 0.9 * before {
            return;
        }
        self.end_first();
        let was_open = self.open.take().is_some();
        self.confirmation = None;
        let is_recent = |at: u64| now_us.saturating_sub(at) < TRUST_US;
        match self.raised.take() {
            Some((at, failures)) if is_recent(at) => {
                self.failures = (failures + 1).min(16);
                self.n_wrong = (self.n_wrong + 1).min(MAX_WRONG);
            }
            // The probe itself was too much.
            _ if was_open => self.failures = (self.failures + 1).min(16),
            _ if self.fell_at.is_some_and(is_recent) => {}
            _ => {
                self.failures = 0;
                self.n_wrong = 0;
            }
        }
        self.fell_at = Some(now_us);
        let pause = if self.failures == 0 { AFTER_FALL_US } else { self.interval() };
        self.not_before_us = self.not_before_us.max(now_us + pause);
    }

    /// Whether the feedback of now may tell of the queue that the last probe made.
    pub(crate) fn is_probing(&self, now_us: u64, rtt_us: u64) -> bool {
        self.was_probing(now_us, rtt_us + DRAIN_US)
    }

    /// Whether a probe is under way, or ended less than this ago.
    pub(crate) fn was_probing(&self, now_us: u64, ago_us: u64) -> bool {
        self.busy_until_us.is_some_and(|until| now_us < until + ago_us)
    }

    /// An interruption is over.
    pub(crate) fn hasten(&mut self, now_us: u64) {
        self.not_before_us = now_us;
        self.open = None;
        self.confirmation = None;
        self.failures = 0;
    }

    fn is_first(&self) -> bool {
        self.n_first < FIRST.len() || self.first_until_us.is_some()
    }

    fn end_first(&mut self) {
        self.n_first = FIRST.len();
        self.first_until_us = None;
        self.further_bps = 0;
    }

    fn poll_first(&mut self, now_us: u64, wish: &Wish) -> Option<Probe> {
        let has_all = wish.current_bps > 0 && wish.goal(self.max_bps).is_none();
        let bps = match FIRST.get(self.n_first) {
            _ if has_all && wish.next_bps == 0 => {
                self.end_first();
                return None;
            }
            Some(factor) => {
                self.n_first += 1;
                self.start_bps.saturating_mul(*factor).min(self.max_bps)
            }
            None if self.further_bps > 0 => std::mem::take(&mut self.further_bps),
            None => return None,
        };
        self.first_until_us = Some(now_us + result_us(wish.rtt_us));
        if bps as f64 <= wish.estimate_bps {
            return None;
        }
        Some(self.issue(now_us, bps, wish))
    }

    fn goal(&self, wish: &Wish) -> Option<f64> {
        if wish.next_bps == 0 {
            return None;
        }
        wish.goal(self.max_bps)
    }

    fn interval(&self) -> u64 {
        let factor = 1.5_f64.powi(self.failures.saturating_sub(1) as i32);
        let max = MAX_INTERVAL_US * u64::from(1 + self.n_wrong);
        let factor = if self.n_wrong > 1 { factor * f64::from(self.n_wrong) } else { factor };
        ((INTERVAL_US as f64 * factor) as u64).min(max)
    }

    fn issue(&mut self, now_us: u64, bps: u64, wish: &Wish) -> Probe {
        let least = u64::from(MIN_PACKETS * PACKET_BYTES);
        let span_us = (SPAN_US + SPANS_OF_JITTER * wish.jitter_us).min(MAX_SPAN_US);
        let bytes = (bps as f64 * span_us as f64 / 8e6) as u64;
        self.send(now_us, bps, bytes.clamp(least, 1_000_000) as u32, 0)
    }

    fn send(&mut self, now_us: u64, bps: u64, bytes: u32, lead: u32) -> Probe {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let duration_us = (f64::from(bytes) * 8e6 / bps.max(1) as f64) as u64;
        self.clusters[usize::from(id) % N_CLUSTERS] = Cluster::new(id, bps, bytes, lead);
        self.busy_until_us = Some(now_us + duration_us);
        Probe { id, bps, bytes, duration_us }
    }
}

/// By when the feedback for a probe is here.
fn result_us(rtt_us: u64) -> u64 {
    500_000 + 2 * rtt_us
}
