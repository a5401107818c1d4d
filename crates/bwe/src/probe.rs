//! When to send above the estimate for a moment, to find out whether it fits: at the start, and whenever a better layer
//! does not fit the estimate.

use super::cluster::{Cluster, MIN_PACKETS, PACKET_BYTES};
use super::probe_confirmation::{ProbeConfirmation, Verdict};

/// Rates of the first probes, as multiples of the initial estimate.
const FIRST: [u64; 2] = [3, 6];

/// A first probe that found at least this part of its rate is followed by one at twice the rate found.
const FURTHER: f64 = 0.7;

/// Length of a probe. It is longer if [`MIN_PACKETS`] need more time.
const SPAN_US: u64 = 15_000;
/// A probe is longer by this many times the jitter, which would blur its result.
const SPANS_OF_JITTER: u64 = 4;
/// The longest probe.
const MAX_SPAN_US: u64 = 100_000;

/// A layer is selected only if the estimate is this many times its rate.
const ROOM: f64 = 1.15;
/// Rate of a probe, as a multiple of the layer's rate. It exceeds [`ROOM`], since the result on a full link is only
/// [`super::cluster`]'s `UTILISATION` of its capacity.
const ASK: f64 = 1.4;

/// Once the link was seen full, a result of at least this many times the estimate must be confirmed.
const WORTH_CONFIRMING: f64 = 1.2;

/// The shortest time between two probes for a layer. It grows by half after each failure but the first: a failed probe
/// makes a queue of some 50 ms.
const INTERVAL_US: u64 = 5_000_000;
/// The longest interval, unless probes were wrong.
const MAX_INTERVAL_US: u64 = 15_000_000;

/// Wrong probes in a row that count, at most. Each makes the longest interval longer by [`MAX_INTERVAL_US`]: a wrong
/// probe costs a second on a layer that does not fit.
const MAX_WRONG: u32 = 3;

/// A probe whose feedback was lost is repeated after this.
const UNHEARD_US: u64 = 1_000_000;

/// After a probe that reached its goal, the next layer is probed for after this.
const AFTER_SUCCESS_US: u64 = 2_000_000;

/// A probe this long after a fall finds out whether the fall was temporary.
const AFTER_FALL_US: u64 = 2_500_000;

/// If the estimate falls within this time after a probe raised it, the probe was wrong.
const TRUST_US: u64 = 10_000_000;

/// How long the queue of a probe lasts after it.
const DRAIN_US: u64 = 400_000;

/// Probes whose feedback is awaited at once.
const N_CLUSTERS: usize = 4;

/// A probe to send: `bytes` in total, padding included, over `duration_us`, each packet marked with `id`. Media sent
/// meanwhile counts and is marked as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Marks its packets.
    pub id: u8,
    /// Its rate in bit/s.
    pub bps: u64,
    /// Total size.
    pub bytes: u32,
    /// Time from the first packet to the last.
    pub duration_us: u64,
}

/// State that decides on a probe.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) estimate_bps: f64,
    /// The rate that surely fits, in bit/s: that at which the link was seen full, but no more than the estimate.
    pub(crate) capacity_bps: f64,
    pub(crate) current_bps: u64,
    pub(crate) next_bps: u64,
    pub(crate) rtt_us: u64,
    /// Jitter of the delay.
    pub(crate) jitter_us: u64,
    /// Whether neither a queue nor missing feedback forbids sending more.
    pub(crate) calm: bool,
}

impl Wish {
    /// The estimate needed for the next layer, or for the current one if there is no next; `None` if the estimate
    /// suffices.
    fn goal(&self, max_bps: u64) -> Option<f64> {
        let wanted = if self.next_bps > 0 { self.next_bps } else { self.current_bps };
        let goal = (wanted as f64 * ROOM).min(max_bps as f64 * 0.95);
        (self.estimate_bps < goal).then_some(goal)
    }
}

/// Decides on probes and evaluates their results.
#[derive(Debug)]
pub(crate) struct Prober {
    start_bps: u64,
    max_bps: u64,
    /// How many of the first probes were sent.
    n_first: usize,
    /// Rate of the probe after a first one that found much; 0: none.
    further_bps: u64,
    /// Until when results of the first probes are awaited.
    first_until_us: Option<u64>,
    clusters: [Cluster; N_CLUSTERS],
    next_id: u8,
    /// Until when the last probe is being sent.
    busy_until_us: Option<u64>,
    not_before_us: u64,
    /// The last probe for a layer: until when its result is awaited, and its goal in bit/s.
    open: Option<(u64, f64)>,
    /// Its result, while longer probes confirm it.
    confirmation: Option<ProbeConfirmation>,
    failures: u32,
    /// Wrong probes in a row: they found capacity that was not there.
    n_wrong: u32,
    /// When a probe last raised the estimate, and how many had failed before.
    raised: Option<(u64, u32)>,
    fell_at: Option<u64>,
}

impl Prober {
    /// Starts with the first probes.
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

    /// The probe to send now, if any.
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

    /// When [`Self::poll`] or [`Self::handle_timeout`] is due.
    pub(crate) fn timeout(&self, wish: &Wish) -> Option<u64> {
        if self.n_first < FIRST.len() || self.further_bps > 0 {
            return Some(self.busy_until_us.unwrap_or(0));
        }
        if let Some(until) = self.first_until_us {
            return Some(until);
        }
        match self.open {
            Some((until, _)) => Some(until),
            // If it is not calm now, feedback will tell when it is.
            None if wish.calm => self.goal(wish).map(|_| self.not_before_us),
            None => None,
        }
    }

    /// Handles timers that are due: a probe that has not reached its goal by now has failed.
    pub(crate) fn handle_timeout(&mut self, now_us: u64, estimate_bps: f64) {
        if self.first_until_us.is_some_and(|until| until <= now_us) {
            self.end_first();
        }
        let Some((_, goal)) = self.open.take_if(|(until, _)| *until <= now_us) else { return };
        self.confirmation = None;
        if estimate_bps < goal {
            // A probe without any feedback has not failed: feedback may be lost too.
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

    /// Records a packet of a probe.
    pub(crate) fn on_packet(&mut self, id: u8, sent_us: u64, received_us: Option<i64>, bytes: u32) {
        let cluster = self.clusters.iter_mut().find(|it| it.bytes > 0 && it.id == id);
        if let (Some(cluster), Some(received_us)) = (cluster, received_us) {
            cluster.on_packet(sent_us, received_us, bytes);
        }
    }

    /// The highest rate found by the probes in the last feedback, in bit/s.
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
                // For a result that is reported again, the outcome is known.
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

    /// The confirmed rate in bit/s, after a result of a confirming probe.
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

    /// A result raised the estimate to this value.
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
            // The probe itself exceeded the capacity.
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

    /// Whether current feedback may show the queue of the last probe.
    pub(crate) fn is_probing(&self, now_us: u64, rtt_us: u64) -> bool {
        self.was_probing(now_us, rtt_us + DRAIN_US)
    }

    /// Whether a probe is being sent, or ended less than `ago_us` ago.
    pub(crate) fn was_probing(&self, now_us: u64, ago_us: u64) -> bool {
        self.busy_until_us.is_some_and(|until| now_us < until + ago_us)
    }

    /// An interruption is over: allows a probe at once.
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

/// How long after a probe its feedback has arrived.
fn result_us(rtt_us: u64) -> u64 {
    500_000 + 2 * rtt_us
}
