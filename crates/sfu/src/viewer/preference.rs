//! The preference of a viewer, as a limit on the layers that it can be sent. Pure.

use media_api::Name;

use crate::room::rung::Rung;
use crate::room::track::{Layer, Track};
use media_api::{Cap, Preference, Reason};

/// The preference of one viewer.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    cap: Bound,
    is_hidden: bool,
}

#[derive(Debug, Default)]
enum Bound {
    #[default]
    None,
    /// At most this layer; its last measured bitrate in bit/s.
    Layer(Name, Option<u64>),
    SoundOnly,
}

impl Wanted {
    /// Sets the preference.
    pub(super) fn set(&mut self, preference: &Preference) {
        self.is_hidden = preference.is_hidden;
        self.cap = match &preference.cap {
            Cap::None => Bound::None,
            Cap::SoundOnly => Bound::SoundOnly,
            Cap::Layer(name) => match (Name::new(name.as_bytes()), &self.cap) {
                (Some(rid), Bound::Layer(before, bps)) if rid == *before => Bound::Layer(rid, *bps),
                (Some(rid), _) => Bound::Layer(rid, None),
                // No layer has such a name.
                (None, _) => Bound::None,
            },
        };
    }

    /// Why the viewer wants no video, if so.
    pub(super) fn refuses(&self) -> Option<Reason> {
        match self.cap {
            _ if self.is_hidden => Some(Reason::Hidden),
            Bound::SoundOnly => Some(Reason::Viewer),
            _ => None,
        }
    }

    /// Whether the viewer limits what it is sent.
    pub(super) fn is_bound(&self) -> bool {
        !matches!(self.cap, Bound::None)
    }

    /// Keeps the rungs that the viewer wants, lowest first; a layer stays with all its rungs or with none.
    /// If the viewer's layer does not exist, as after another host came, the layer with the nearest bitrate
    /// takes its place.
    pub(super) fn narrow<'a>(&mut self, rungs: &'a mut [Rung], track: &Track) -> &'a [Rung] {
        let Bound::Layer(rid, known) = &mut self.cap else { return rungs };
        // A layer that has just begun has no measured bitrate, and would look lower than it is.
        let settled = |index: usize| track.layers.get(index).and_then(Layer::settled_bps);
        let own = track.layers.iter().position(|it| it.stream.rid == Some(*rid));
        *known = own.and_then(settled).or(*known);
        let nearest = |bps: u64| {
            let rates = rungs.iter().filter_map(|it| Some((it.index, settled(it.index)?)));
            let nearest = rates.min_by_key(|it| distance(it.1, bps)).map(|it| it.0);
            nearest.or(rungs.first().map(|it| it.index))
        };
        let Some(cap) = own.or_else(|| known.and_then(nearest)) else { return rungs };
        let most = own.and(*known).or_else(|| settled(cap)).unwrap_or(0);
        let mut n = 0;
        for at in 0..rungs.len() {
            let index = rungs[at].index;
            if index == cap || settled(index).is_some_and(|bps| bps < most) {
                rungs.swap(n, at);
                n += 1;
            }
        }
        // If no rung is low enough, the lowest stays: it is better than no picture.
        &rungs[..n.max(1).min(rungs.len())]
    }
}

/// The ratio of the larger to the smaller of two bitrates, times 1000.
fn distance(a: u64, b: u64) -> u64 {
    let (low, high) = (a.min(b).max(1), a.max(b));
    high.saturating_mul(1_000) / low
}
