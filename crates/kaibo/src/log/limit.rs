//! How many lines of one kind are written. A kind is a place in the code: what strangers do by the thousand
//! comes from the same one.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tracing::Level;

/// Kinds that are counted each by itself; the rest share one count. A bound on memory: 16 kB. The program
/// has some hundred places that log.
const KINDS: usize = 1024;

/// Places of the table that are looked at for one kind.
const LOOKS: usize = 32;

/// So many lines at once, then one in each period.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: u64,
    period_ms: u64,
}

/// What is logged unasked: a stranger may cause it, and nobody watches the disk.
const USUAL: Rate = Rate { burst: 5, period_ms: 1000 };

/// What an operator has turned on to see one case in full.
const DETAIL: Rate = Rate { burst: 200, period_ms: 50 };

/// What is known of a kind, in one word, so that no lock is needed: 40 bits of milliseconds (35 years),
/// 24 bits of a count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct State {
    /// When all lines that passed will have had their period.
    due_ms: u64,
    /// Lines left out since the last that passed.
    left_out: u64,
}

const COUNT_BITS: u32 = 24;

impl State {
    fn pack(self) -> u64 {
        let most = (1 << COUNT_BITS) - 1;
        self.due_ms << COUNT_BITS | self.left_out.min(most)
    }

    fn unpack(word: u64) -> Self {
        Self { due_ms: word >> COUNT_BITS, left_out: word & ((1 << COUNT_BITS) - 1) }
    }
}

impl Rate {
    fn of(level: Level) -> Self {
        if level <= Level::INFO { USUAL } else { DETAIL }
    }

    /// Whether a line passes, and then how many were left out before it.
    fn admit(self, state: State, now_ms: u64) -> (State, Option<u64>) {
        if state.due_ms > now_ms + (self.burst - 1) * self.period_ms {
            return (State { left_out: state.left_out + 1, ..state }, None);
        }
        let due_ms = state.due_ms.max(now_ms) + self.period_ms;
        (State { due_ms, left_out: 0 }, Some(state.left_out))
    }
}

/// The counts of all kinds: a hash table that only grows. A media thread that logs waits for nobody.
pub(super) struct Limits {
    kinds: Box<[Kind]>,
    rest: Kind,
}

#[derive(Default)]
struct Kind {
    id: AtomicUsize,
    state: AtomicU64,
}

impl Default for Limits {
    fn default() -> Self {
        let kinds = (0..KINDS).map(|_| Kind::default()).collect();
        Self { kinds, rest: Kind::default() }
    }
}

impl Limits {
    /// Whether a line of a kind (any number but 0) passes, `at` so long after a beginning of the
    /// caller's choice; and then how many were left out before it.
    pub(super) fn admit(&self, kind: usize, level: Level, at: Duration) -> Option<u64> {
        let now_ms =
            u64::try_from(at.as_millis()).unwrap_or(u64::MAX) & (u64::MAX >> (COUNT_BITS + 1));
        let rate = Rate::of(level);
        let mut verdict = None;
        let step = |word| {
            let (state, result) = rate.admit(State::unpack(word), now_ms);
            verdict = result;
            Some(state.pack())
        };
        _ = self.kind(kind).state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        verdict
    }

    fn kind(&self, id: usize) -> &Kind {
        // Ids are addresses: their low bits are alike.
        let start = (id >> 3).wrapping_mul(0x9e37_79b9) >> 7;
        for n in 0..LOOKS {
            let Some(kind) = self.kinds.get(start.wrapping_add(n) % KINDS) else { break };
            let found = match kind.id.load(Ordering::Relaxed) {
                0 => kind.id.compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed),
                found => Err(found),
            };
            if found.is_ok() || found == Err(id) {
                return kind;
            }
        }
        &self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: usize = 0x7f00_1000;

    fn ms(at: u64) -> Duration {
        Duration::from_millis(at)
    }

    #[test]
    fn five_at_once_then_one_a_second_with_the_count_of_those_left_out() {
        let limits = Limits::default();
        let admit = |at| limits.admit(KIND, Level::ERROR, ms(at));
        assert_eq!([0; 5].map(admit), [Some(0); 5]);
        assert_eq!([0, 500, 999].map(admit), [None; 3]);
        assert_eq!(admit(1000), Some(3));
        assert_eq!([1000, 1999].map(admit), [None; 2]);
        assert_eq!(admit(2000), Some(2));
        assert_eq!(admit(3000), Some(0));
        // After a quiet time the burst is there again, and not more.
        assert_eq!([60_000; 6].map(admit), [Some(0), Some(0), Some(0), Some(0), Some(0), None]);
    }

    #[test]
    fn a_day_of_a_stranger_is_a_line_a_second() {
        let limits = Limits::default();
        let (mut passed, mut counted) = (0, 0);
        // 2,000 lines a second for 100 s.
        for n in 0..200_000 {
            if let Some(left_out) = limits.admit(KIND, Level::INFO, ms(n / 2)) {
                passed += 1;
                counted += left_out + 1;
            }
        }
        assert_eq!(passed, 5 + 99);
        assert!(counted > 200_000 - 2_001, "all but the last second's are told: {counted}");
    }

    #[test]
    fn details_have_room_for_one_case_and_a_bound() {
        let limits = Limits::default();
        let passed = |at| {
            let lines = (0..10_000).filter_map(|_| limits.admit(KIND, Level::DEBUG, ms(at)));
            lines.count()
        };
        assert_eq!(passed(0), 200);
        assert_eq!(passed(1000), 20);
    }

    #[test]
    fn one_kind_does_not_use_up_what_another_may_say() {
        let limits = Limits::default();
        for n in 0..300 {
            let kind = KIND + 0x48 * n;
            assert_eq!(
                [0; 6].map(|at| limits.admit(kind, Level::WARN, ms(at))).map(|it| it.is_some()),
                [true, true, true, true, true, false]
            );
        }
    }

    #[test]
    fn more_kinds_than_there_are_places_share_one_count() {
        let limits = Limits::default();
        let passed = (1..100_000).filter_map(|kind| limits.admit(kind, Level::INFO, ms(0))).count();
        assert!(passed <= KINDS + 5, "{passed}");
    }

    #[test]
    fn a_count_never_runs_into_the_time() {
        let state = State { due_ms: 77, left_out: u64::from(u32::MAX) };
        assert_eq!(State::unpack(state.pack()), State { due_ms: 77, left_out: (1 << 24) - 1 });
    }
}
