//! Which numbers of a rising sequence were seen: a bitmap of the most recent ones.

/// Remembers the highest number and which of the `64 * WORDS` up to it were marked. Numbers below
/// those count as marked.
#[derive(Debug)]
pub(super) struct Window<const WORDS: usize> {
    /// One more than the highest number marked; zero before the first.
    next: u64,
    /// Bit `n % SIZE` stands for number `n`, for the last `SIZE` numbers.
    bits: [u64; WORDS],
}

impl<const WORDS: usize> Window<WORDS> {
    /// How many numbers it remembers.
    pub(super) const SIZE: u64 = 64 * WORDS as u64;

    /// A window in which nothing is marked.
    pub(super) fn new() -> Self {
        Self { next: 0, bits: [0; WORDS] }
    }

    /// The highest number marked.
    pub(super) fn highest(&self) -> Option<u64> {
        self.next.checked_sub(1)
    }

    /// Whether a number was not marked and is recent enough to know that.
    #[inline]
    pub(super) fn is_fresh(&self, number: u64) -> bool {
        number >= self.next
            || (self.next - number <= Self::SIZE
                && self.bits.get(word(number, WORDS)).is_some_and(|it| it & bit(number) == 0))
    }

    /// Marks a number; a number is [fresh](Self::is_fresh) once.
    #[inline]
    pub(super) fn mark(&mut self, number: u64) {
        if number > self.next {
            self.skip_to(number);
        }
        if let Some(bits) = self.bits.get_mut(word(number, WORDS)) {
            *bits |= bit(number);
        }
        self.next = self.next.max(number.saturating_add(1));
    }

    /// Forgets what stood where the numbers from `next` up to `number` now stand.
    #[cold]
    fn skip_to(&mut self, number: u64) {
        if number - self.next >= Self::SIZE {
            self.bits = [0; WORDS];
            return;
        }
        for skipped in self.next..number {
            if let Some(bits) = self.bits.get_mut(word(skipped, WORDS)) {
                *bits &= !bit(skipped);
            }
        }
    }
}

fn word(number: u64, words: usize) -> usize {
    (number / 64) as usize % words
}

fn bit(number: u64) -> u64 {
    1 << (number % 64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_fresh_once() {
        let mut window = Window::<2>::new();
        assert!(window.is_fresh(0) && window.highest().is_none());
        for number in [0, 1, 5, 3] {
            assert!(window.is_fresh(number));
            window.mark(number);
            assert!(!window.is_fresh(number));
        }
        assert_eq!(window.highest(), Some(5));
        assert!(window.is_fresh(2) && window.is_fresh(4));
    }

    #[test]
    fn what_is_older_than_the_window_is_not_fresh() {
        let mut window = Window::<2>::new();
        window.mark(1_000);
        assert!(window.is_fresh(1_000 - 127));
        assert!(!window.is_fresh(1_000 - 128));
    }

    proptest! {
        #[test]
        fn it_knows_what_a_set_knows(steps in prop::collection::vec(-150_i64..200, 0..400)) {
            let (mut window, mut marked) = (Window::<2>::new(), BTreeSet::new());
            let mut at = 10_000_u64;
            for step in steps {
                at = at.saturating_add_signed(step);
                let highest = marked.last().copied();
                let known = highest.is_none_or(|it| at + Window::<2>::SIZE > it);
                prop_assert_eq!(window.is_fresh(at), known && !marked.contains(&at));
                if window.is_fresh(at) {
                    window.mark(at);
                    marked.insert(at);
                }
                prop_assert_eq!(window.highest(), marked.last().copied());
            }
        }
    }
}
