//! Viewers and bit rate of a broadcast, a minute each.

use crate::limits::{SAMPLE_EVERY, TIMELINE_POINTS};
use crate::record::Point;

/// Samples of a minute.
const SAMPLES: u32 = (60 / SAMPLE_EVERY.as_secs()) as u32;

/// Points of a minute each; when there are too many, of twice as many minutes.
#[derive(Debug)]
pub(super) struct Timeline {
    /// At most [`TIMELINE_POINTS`].
    points: Vec<Point>,
    /// Samples of one point.
    samples: u32,
    /// When the next point begins.
    at: f64,
    viewers: u32,
    kbps: u64,
    n: u32,
}

impl Timeline {
    pub(super) fn new(at: f64) -> Self {
        Self { points: Vec::new(), samples: SAMPLES, at, viewers: 0, kbps: 0, n: 0 }
    }

    pub(super) fn add(&mut self, now: f64, viewers: u32, kbps: u32) {
        self.viewers = self.viewers.max(viewers);
        self.kbps += u64::from(kbps);
        self.n += 1;
        if self.n < self.samples {
            return;
        }
        self.points.extend(self.begun());
        (self.at, self.viewers, self.kbps, self.n) = (now, 0, 0, 0);
        if self.points.len() >= TIMELINE_POINTS {
            self.points = self.points.chunks(2).map(merged).collect();
            self.samples *= 2;
        }
    }

    /// All points, the one that is not over too.
    pub(super) fn points(&self) -> Vec<Point> {
        self.points.iter().copied().chain(self.begun()).collect()
    }

    fn begun(&self) -> Option<Point> {
        let kbps = self.kbps.checked_div(self.n.into())?;
        let kbps = u32::try_from(kbps).unwrap_or(u32::MAX);
        Some(Point { at: self.at, viewers: self.viewers, kbps })
    }
}

/// One point of one or two.
fn merged(points: &[Point]) -> Point {
    let kbps: u64 = points.iter().map(|it| u64::from(it.kbps)).sum();
    Point {
        at: points[0].at,
        viewers: points.iter().map(|it| it.viewers).max().unwrap_or_default(),
        kbps: u32::try_from(kbps / points.len() as u64).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_has_the_most_viewers_and_the_mean_rate_of_its_minute() {
        let mut timeline = Timeline::new(0.0);
        for second in 1..=9 {
            timeline.add(f64::from(second) * 10_000.0, second, 1000 * (second % 2));
        }
        let expect = [
            Point { at: 0.0, viewers: 6, kbps: 500 },
            Point { at: 60_000.0, viewers: 9, kbps: 666 },
        ];
        assert_eq!(timeline.points(), expect);
    }

    #[test]
    fn a_broadcast_of_days_has_as_many_points_as_one_of_hours() {
        let mut timeline = Timeline::new(0.0);
        for n in 1..=(3 * 24 * 60 * 6) {
            timeline.add(f64::from(n) * 10_000.0, n % 100, 800);
        }
        let points = timeline.points();
        assert!(
            (TIMELINE_POINTS / 2..=TIMELINE_POINTS).contains(&points.len()),
            "{}",
            points.len()
        );
        assert!(points.is_sorted_by(|a, b| a.at < b.at));
        assert!(points.iter().all(|it| it.kbps == 800), "the rate is the same");
    }
}
