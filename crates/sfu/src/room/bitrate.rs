//! The bitrates and frame rates of a stream and of each of its operating points.

use std::time::{Duration, Instant};

use crate::media::svc::{LAYERS, OperatingPoint, POINTS, SvcPosition};

/// The length of a measuring window.
const WINDOW: Duration = Duration::from_millis(500);

/// A layer with less than 1/64 of the stream's bytes is not distinguished from the layer below it: it
/// costs nothing, or is off.
const LEAST_PART: usize = 64;

/// The rates of one stream.
#[derive(Debug)]
pub(crate) struct Bitrates {
    /// When the window began.
    began: Instant,
    /// Bytes in the window, by spatial and temporal layer.
    bytes: [usize; POINTS],
    /// Frames in the window, by temporal layer.
    frames: [u16; LAYERS as usize],
    /// Bytes per second, by spatial and temporal layer.
    rates: [usize; POINTS],
    /// Frames per second, by temporal layer.
    fps: [f32; LAYERS as usize],
    last_ts: Option<u32>,
    // Derived from the rates, since viewers read them far more often than the rates change:
    whole: usize,
    top: OperatingPoint,
    points: Vec<(OperatingPoint, usize, f32)>,
}

impl Bitrates {
    /// Has counted nothing yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            began: now,
            bytes: [0; POINTS],
            frames: [0; LAYERS as usize],
            rates: [0; POINTS],
            fps: [0.0; LAYERS as usize],
            last_ts: None,
            whole: 0,
            top: OperatingPoint::default(),
            points: vec![(OperatingPoint::WHOLE, 0, 0.0)],
        }
    }

    /// Begins a new window, as when the stream comes again after a pause.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.bytes = [0; POINTS];
        self.frames = [0; LAYERS as usize];
        self.began = now;
    }

    /// Counts a packet with `bytes` of payload.
    pub(crate) fn count(&mut self, place: &SvcPosition, ts: u32, bytes: usize, now: Instant) {
        if let Some(slot) = self.bytes.get_mut(place.point.index()) {
            *slot += bytes;
        }
        // The frame of a late packet was counted already, or such frames are too few to matter.
        if self.last_ts.is_none_or(|last| crate::media::packet::ts_is_newer(ts, last)) {
            self.last_ts = Some(ts);
            if let Some(slot) = self.frames.get_mut(usize::from(place.point.temporal)) {
                *slot = slot.saturating_add(1);
            }
        }
        let window = now.saturating_duration_since(self.began);
        if window < WINDOW {
            if self.rates.iter().all(|it| *it == 0) {
                // Before the first window ends, the bytes so far.
                self.whole = self.bytes.iter().sum();
                self.points[0].1 = self.whole;
            }
            return;
        }
        let is_first = self.rates.iter().all(|it| *it == 0);
        for (rate, bytes) in self.rates.iter_mut().zip(&self.bytes) {
            let new = (*bytes as f64 / window.as_secs_f64()) as usize;
            // Smoothed, since a keyframe is a fifth of a window and must not decide between layers.
            *rate = if is_first { new } else { (3 * *rate + new) / 4 };
        }
        for (fps, frames) in self.fps.iter_mut().zip(&self.frames) {
            let new = f32::from(*frames) / window.as_secs_f32();
            *fps = if is_first { new } else { (3.0 * *fps + new) / 4.0 };
        }
        self.conclude();
        self.resume(now);
    }

    /// Whether the first window has ended, so that there is a measured rate.
    pub(crate) fn is_settled(&self) -> bool {
        self.rates.iter().any(|it| *it != 0)
    }

    /// Bytes per second of the whole stream; before the first window ends, the bytes so far.
    pub(crate) fn whole(&self) -> usize {
        self.whole
    }

    /// The highest spatial and the highest temporal layer.
    pub(crate) fn top(&self) -> OperatingPoint {
        self.top
    }

    /// The operating points that differ from each other, with bytes and frames per second of each. The
    /// last is [`OperatingPoint::WHOLE`].
    pub(crate) fn points(&self) -> &[(OperatingPoint, usize, f32)] {
        &self.points
    }

    fn conclude(&mut self) {
        self.whole = self.rates.iter().sum();
        let least = self.whole / LEAST_PART;
        let sum = |has: &dyn Fn(OperatingPoint) -> bool| -> usize {
            let cells = OperatingPoint::all().filter(|it| has(*it));
            cells.filter_map(|it| self.rates.get(it.index())).sum()
        };
        let is_there = |of: &dyn Fn(OperatingPoint) -> u8| -> [bool; LAYERS as usize] {
            std::array::from_fn(|layer| sum(&|it| usize::from(of(it)) == layer) > least)
        };
        let (spatial, temporal) = (is_there(&|it| it.spatial), is_there(&|it| it.temporal));
        let highest =
            |of: [bool; LAYERS as usize]| of.iter().rposition(|it| *it).map_or(0, |it| it as u8);
        self.top = OperatingPoint { spatial: highest(spatial), temporal: highest(temporal) };
        self.points.clear();
        for point in OperatingPoint::all().filter(|it| *it != self.top) {
            if spatial[usize::from(point.spatial)] && temporal[usize::from(point.temporal)] {
                let fps = self.fps.iter().take(usize::from(point.temporal) + 1).sum();
                self.points.push((point, sum(&|it| point.contains(it)), fps));
            }
        }
        self.points.push((OperatingPoint::WHOLE, self.whole, self.fps.iter().sum()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    /// Three seconds of 30 frames per second, in `spatial` spatial and three temporal layers, as browsers
    /// send them.
    fn three_layers(spatial: u8) -> Bitrates {
        let mut rates = Bitrates::new(*START);
        for n in 0..90_u32 {
            let temporal = [0, 2, 1, 2][n as usize % 4];
            let now = *START + Duration::from_micros(33_333) * n;
            for spatial in 0..spatial {
                let place = SvcPosition {
                    point: OperatingPoint::new(spatial, temporal),
                    ..SvcPosition::default()
                };
                rates.count(&place, n * 3_000, 1_000 * 4_usize.pow(spatial.into()), now);
            }
        }
        rates
    }

    #[test]
    fn each_temporal_layer_has_its_rate_and_frames() {
        let rates = three_layers(1);
        let [t0, t1, all] = *rates.points() else { panic!("{rates:?}") };
        let point = |temporal| OperatingPoint { spatial: 0, temporal };
        assert_eq!((t0.0, t1.0, all.0), (point(0), point(1), OperatingPoint::WHOLE));
        for (it, fps) in [(t0, 7.5), (t1, 15.0), (all, 30.0)] {
            assert!(
                (it.2 - fps).abs() < 1.5 && (it.1 as f32 / 1_000.0 - fps).abs() < 1.5,
                "{it:?}"
            );
        }
    }

    #[test]
    fn three_by_three_layers_are_nine_points_and_none_is_one() {
        assert_eq!(three_layers(3).points().len(), 9);
        let mut rates = Bitrates::new(*START);
        rates.count(&SvcPosition::default(), 0, 1_000, *START);
        assert_eq!(rates.points(), [(OperatingPoint::WHOLE, 1_000, 0.0)]);
    }
}
