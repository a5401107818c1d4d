//! Histograms of Prometheus: counts by upper bound.

/// Values by class.
#[derive(Debug, Clone)]
pub(crate) struct Buckets<const N: usize> {
    bounds: &'static [f64; N],
    classes: [u64; N],
    /// Above all bounds.
    above: u64,
    sum: f64,
}

impl<const N: usize> Buckets<N> {
    pub(crate) const fn new(bounds: &'static [f64; N]) -> Self {
        Self { bounds, classes: [0; N], above: 0, sum: 0.0 }
    }

    /// One of classes that were counted elsewhere; the last one is above all bounds.
    pub(crate) fn of(bounds: &'static [f64; N], classes: &[u64], sum: f64) -> Self {
        let mut it = Self { sum, ..Self::new(bounds) };
        for (slot, n) in it.classes.iter_mut().zip(classes) {
            *slot = *n;
        }
        it.above = classes.get(N).copied().unwrap_or(0);
        it
    }

    pub(crate) fn note(&mut self, value: f64) {
        let at = self.bounds.iter().position(|it| value <= *it);
        match at.and_then(|it| self.classes.get_mut(it)) {
            Some(n) => *n += 1,
            None => self.above += 1,
        }
        self.sum += value;
    }

    pub(crate) fn count(&self) -> u64 {
        self.classes.iter().sum::<u64>() + self.above
    }

    pub(crate) fn sum(&self) -> f64 {
        self.sum
    }

    /// Upper bounds and the count of each class, as `prometheus_client` takes them.
    pub(crate) fn classes(&self) -> Vec<(f64, u64)> {
        let classes = self.bounds.iter().copied().zip(self.classes);
        classes.chain([(f64::INFINITY, self.above)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_class() {
        let mut buckets = Buckets::new(&[1.0, 2.0]);
        [0.5, 1.0, 1.5, 9.0].into_iter().for_each(|it| buckets.note(it));
        assert_eq!(buckets.classes(), [(1.0, 2), (2.0, 1), (f64::INFINITY, 1)]);
        assert_eq!((buckets.count(), buckets.sum()), (4, 12.0));
    }
}
