//! What a stream and each of its operating points take, counted as the packets come.

use std::time::{Duration, Instant};

use crate::point::{LAYERS, POINTS, Place, Point};

/// Over how long is counted, to know which layer is the better one.
const WINDOW: Duration = Duration::from_millis(500);

/// Layers that have less than this part of the stream are not told apart from the ones below: they
/// cost nothing, or are off.
const LEAST_PART: usize = 64;

/// The rates of one stream.
#[derive(Debug)]
pub(crate) struct Rates {
    began: Instant,
    /// Bytes and frames of the window, by layer.
    bytes: [usize; POINTS],
    frames: [u16; LAYERS as usize],
    /// Bytes and frames a second, by layer.
    rates: [usize; POINTS],
    fps: [f32; LAYERS as usize],
    last_ts: Option<u32>,
}

impl Rates {
    /// Nothing is counted yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            began: now,
            bytes: [0; POINTS],
            frames: [0; LAYERS as usize],
            rates: [0; POINTS],
            fps: [0.0; LAYERS as usize],
            last_ts: None,
        }
    }

    /// The stream comes again after a pause.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.bytes = [0; POINTS];
        self.frames = [0; LAYERS as usize];
        self.began = now;
    }

    /// A packet came.
    pub(crate) fn count(&mut self, place: &Place, ts: u32, bytes: usize, now: Instant) {
        if let Some(slot) = self.bytes.get_mut(place.point.index()) {
            *slot += bytes;
        }
        // Stragglers of an older picture were counted with it, or are too few to matter.
        if self.last_ts.is_none_or(|last| crate::rtp::ts_is_newer(ts, last)) {
            self.last_ts = Some(ts);
            if let Some(slot) = self.frames.get_mut(usize::from(place.point.temporal)) {
                *slot = slot.saturating_add(1);
            }
        }
        let window = now.saturating_duration_since(self.began);
        if window < WINDOW {
            return;
        }
        let is_first = self.rates.iter().all(|it| *it == 0);
        for (rate, bytes) in self.rates.iter_mut().zip(&self.bytes) {
            let new = (*bytes as f64 / window.as_secs_f64()) as usize;
            // A keyframe is a fifth of a window; a choice between layers is not made by it.
            *rate = if is_first { new } else { (3 * *rate + new) / 4 };
        }
        for (fps, frames) in self.fps.iter_mut().zip(&self.frames) {
            let new = f32::from(*frames) / window.as_secs_f32();
            *fps = if is_first { new } else { (3.0 * *fps + new) / 4.0 };
        }
        self.resume(now);
    }

    /// Bytes a second of all; before there is a figure, the bytes so far.
    pub(crate) fn whole(&self) -> usize {
        match self.rates.iter().sum() {
            0 => self.bytes.iter().sum(),
            rate => rate,
        }
    }

    /// The highest layers that there are.
    pub(crate) fn top(&self) -> Point {
        let (spatial, temporal) = self.layers();
        let highest =
            |of: [bool; LAYERS as usize]| of.iter().rposition(|it| *it).map_or(0, |it| it as u8);
        Point { spatial: highest(spatial), temporal: highest(temporal) }
    }

    /// Which spatial and which temporal layers there are.
    fn layers(&self) -> ([bool; LAYERS as usize], [bool; LAYERS as usize]) {
        let least = self.whole() / LEAST_PART;
        let counts = |has: &dyn Fn(Point) -> bool| {
            let cells = Point::all().filter(|it| has(*it));
            cells.filter_map(|it| self.rates.get(it.index())).sum::<usize>() > least
        };
        let layers = std::array::from_fn(|layer| layer as u8);
        (
            layers.map(|layer: u8| counts(&|it| it.spatial == layer)),
            layers.map(|layer: u8| counts(&|it| it.temporal == layer)),
        )
    }

    /// The operating points that differ from each other, with their bytes and frames a second. The
    /// highest is [`Point::WHOLE`].
    pub(crate) fn points(&self) -> impl Iterator<Item = (Point, usize, f32)> {
        let (whole, top) = (self.whole(), self.top());
        let (spatial, temporal) = self.layers();
        let has = move |it: &Point| {
            spatial[usize::from(it.spatial)] && temporal[usize::from(it.temporal)]
        };
        let lower = Point::all().filter(has).filter(move |it| *it != top);
        let rate = move |point: Point| {
            let cells = Point::all().filter(|it| point.contains(*it));
            let bytes = cells.filter_map(|it| self.rates.get(it.index())).sum();
            let fps = self.fps.iter().take(usize::from(point.temporal) + 1).sum();
            (point, bytes, fps)
        };
        let all = (Point::WHOLE, whole, self.fps.iter().sum());
        lower.map(rate).chain([all])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    /// Three seconds of 30 pictures a second in three temporal layers, as browsers send them.
    fn three_layers(spatial: u8) -> Rates {
        let mut rates = Rates::new(*START);
        for n in 0..90_u32 {
            let temporal = [0, 2, 1, 2][n as usize % 4];
            let now = *START + Duration::from_micros(33_333) * n;
            for spatial in 0..spatial {
                let place = Place { point: Point::new(spatial, temporal), ..Place::default() };
                rates.count(&place, n * 3_000, 1_000 * 4_usize.pow(spatial.into()), now);
            }
        }
        rates
    }

    #[test]
    fn each_temporal_layer_has_its_rate_and_frames() {
        let rates = three_layers(1);
        let points: Vec<_> = rates.points().collect();
        let [t0, t1, all] = points[..] else { panic!("{points:?}") };
        let point = |temporal| Point { spatial: 0, temporal };
        assert_eq!((t0.0, t1.0, all.0), (point(0), point(1), Point::WHOLE));
        for (it, fps) in [(t0, 7.5), (t1, 15.0), (all, 30.0)] {
            assert!(
                (it.2 - fps).abs() < 1.5 && (it.1 as f32 / 1_000.0 - fps).abs() < 1.5,
                "{it:?}"
            );
        }
    }

    #[test]
    fn three_by_three_layers_are_nine_points_and_none_is_one() {
        assert_eq!(three_layers(3).points().count(), 9);
        let mut rates = Rates::new(*START);
        rates.count(&Place::default(), 0, 1_000, *START);
        let points: Vec<_> = rates.points().map(|it| (it.0, it.1)).collect();
        assert_eq!(points, [(Point::WHOLE, 1_000)]);
    }
}
