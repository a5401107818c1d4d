//! The dependency descriptor: a header extension that lists the frames that a frame depends on, so that a
//! forwarder need not read the payload (RTP Payload Format For AV1, appendix A). It is forwarded to viewers
//! with only its frame number changed. We read the layers of a frame and its switch points.

mod bits;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::media::svc::{OperatingPoint, SvcPosition, SwitchPoint};

use self::bits::Bits;

/// Its name in session descriptions.
pub(crate) const URI: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// The size of the mandatory fields, in bytes.
const MANDATORY_LEN: usize = 3;

/// The largest element of a header extension, in bytes (RFC 8285, section 4.3).
pub(crate) const MAX_LEN: usize = 255;

/// The largest number of templates: their ids have 6 bits.
const MAX_TEMPLATES: usize = 64;

/// The number of streams whose structure is kept: those of a simulcast, and earlier ones.
const MAX_STREAMS: usize = 8;

/// The decode target indication of a frame at which a receiver can switch to the decode target.
const SWITCH: u64 = 2;

/// A descriptor as it came, shared by all viewers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Descriptor(Arc<[u8]>);

impl Descriptor {
    /// `None` if it is shorter than the mandatory fields, or too long to forward.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        (MANDATORY_LEN..=MAX_LEN).contains(&bytes.len()).then(|| Self(Arc::from(bytes)))
    }

    /// Its bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `frame_number`, which rises by one with each frame of the publisher.
    pub(crate) fn frame_number(&self) -> u16 {
        match *self.0 {
            [_, high, low, ..] => u16::from_be_bytes([high, low]),
            _ => 0,
        }
    }

    /// The descriptor and its frame number for a viewer whose frame numbers are `offset` higher.
    pub(crate) fn numbered(&self, offset: u16) -> (&Self, u16) {
        (self, self.frame_number().wrapping_add(offset))
    }

    /// Writes its bytes with another frame number; `None` if they do not fit.
    pub(crate) fn write<'a>(&self, frame_number: u16, to: &'a mut [u8]) -> Option<&'a [u8]> {
        let to = to.get_mut(..self.0.len())?;
        to.copy_from_slice(&self.0);
        to.get_mut(1..3)?.copy_from_slice(&frame_number.to_be_bytes());
        Some(to)
    }
}

/// The template structures of one publisher's streams. Each comes with a keyframe, and later descriptors
/// refer to it.
#[derive(Debug, Default)]
pub(crate) struct Structures {
    /// One per SSRC, the last changed one at the end.
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    ssrc: u32,
    /// The sequence number of the packet that it came with.
    seq: u64,
    structure: Structure,
}

impl Structures {
    /// The position of the packet with this descriptor; `None` if the descriptor is malformed or its
    /// structure is not known.
    pub(crate) fn place(&mut self, ssrc: u32, seq: u64, it: &Descriptor) -> Option<SvcPosition> {
        let mut bits = Bits::new(it.as_bytes());
        let mandatory = Mandatory::read(&mut bits)?;
        let is_extended = it.as_bytes().len() > MANDATORY_LEN;
        let extended = if is_extended { Extended::read(&mut bits)? } else { Extended::default() };
        if let Some(structure) = extended.structure {
            self.remember(ssrc, seq, structure);
        }
        let known = self.known.iter().find(|it| it.ssrc == ssrc)?;
        known.structure.place(&mandatory, extended.has_active, extended.has_dtis, &mut bits)
    }

    fn remember(&mut self, ssrc: u32, seq: u64, structure: Structure) {
        let is_same = |it: &Known| it.ssrc == ssrc;
        // A retransmitted keyframe can come after the next one.
        if self.known.iter().any(|it| is_same(it) && it.seq > seq) {
            return;
        }
        self.known.retain(|it| !is_same(it));
        if self.known.len() == MAX_STREAMS {
            self.known.remove(0);
        }
        self.known.push(Known { ssrc, seq, structure });
    }
}

/// `mandatory_descriptor_fields`.
struct Mandatory {
    begins_frame: bool,
    ends_frame: bool,
    template_id: u8,
}

impl Mandatory {
    fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let (begins_frame, ends_frame) = (bits.flag()?, bits.flag()?);
        let template_id = bits.read(6)? as u8;
        let _frame_number = bits.read(16)?;
        Some(Self { begins_frame, ends_frame, template_id })
    }
}

/// `extended_descriptor_fields`, up to the first field whose size depends on the number of decode targets.
#[derive(Default)]
struct Extended {
    structure: Option<Structure>,
    has_active: bool,
    has_dtis: bool,
}

impl Extended {
    fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let has_structure = bits.flag()?;
        let has_active = bits.flag()?;
        let has_dtis = bits.flag()?;
        let (_has_fdiffs, _has_chains) = (bits.flag()?, bits.flag()?);
        let structure = if has_structure { Some(Structure::read(bits)?) } else { None };
        Some(Self { structure, has_active, has_dtis })
    }
}

/// `template_dependency_structure`: the templates of the frames in one coded video sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Structure {
    id_offset: u8,
    templates: Vec<Template>,
    /// The operating point of each decode target.
    targets: Vec<OperatingPoint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Template {
    point: OperatingPoint,
    /// Its decode target indications, two bits each, the first in the lowest bits.
    dtis: u64,
}

impl Structure {
    fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let id_offset = bits.read(6)? as u8;
        let n_targets = bits.read(5)? as usize + 1;
        let mut templates = read_layers(bits)?;
        for template in &mut templates {
            template.dtis = read_dtis(bits, n_targets)?;
        }
        for _ in &templates {
            // template_fdiffs
            while bits.flag()? {
                bits.read(4)?;
            }
        }
        // template_chains
        let n_chains = bits.non_symmetric(n_targets as u32 + 1)?;
        if n_chains > 0 {
            for _ in 0..n_targets {
                bits.non_symmetric(n_chains)?;
            }
            for _ in 0..templates.len() * n_chains as usize {
                bits.read(4)?;
            }
        }
        let targets = (0..n_targets).map(|target| {
            // decode_target_layers
            let of = templates.iter().filter(|it| dti(it.dtis, target) != 0).map(|it| it.point);
            of.fold(OperatingPoint::default(), |a, b| {
                OperatingPoint::new(a.spatial.max(b.spatial), a.temporal.max(b.temporal))
            })
        });
        let targets = targets.collect();
        // render_resolutions
        if bits.flag()? {
            let n_spatial = templates.last().map_or(0, |it| it.spatial);
            for _ in 0..=n_spatial {
                bits.read(32)?;
            }
        }
        let templates =
            templates.into_iter().map(|it| Template { point: it.point, dtis: it.dtis }).collect();
        Some(Self { id_offset, templates, targets })
    }

    /// `frame_dependency_definition`, as far as the position depends on it.
    fn place(
        &self,
        frame: &Mandatory,
        has_active: bool,
        has_dtis: bool,
        bits: &mut Bits<'_>,
    ) -> Option<SvcPosition> {
        let index = (frame.template_id + 64 - self.id_offset) % 64;
        let template = self.templates.get(usize::from(index))?;
        if has_active {
            // active_decode_targets_bitmask
            bits.read(self.targets.len() as u32)?;
        }
        let dtis = if has_dtis { read_dtis(bits, self.targets.len())? } else { template.dtis };
        Some(SvcPosition {
            point: template.point,
            begins_frame: frame.begins_frame,
            ends_frame: frame.ends_frame,
            opens: if frame.begins_frame { self.opens(dtis) } else { SwitchPoint::Nothing },
        })
    }

    /// The operating points that a receiver can switch up to at a frame with these indications: those
    /// whose best decode target has the indication [`SWITCH`].
    fn opens(&self, dtis: u64) -> SwitchPoint {
        let mut points = 0;
        for point in OperatingPoint::all() {
            let targets = self.targets.iter().enumerate().filter(|it| point.contains(*it.1));
            let best = targets.max_by_key(|it| (it.1.spatial, it.1.temporal));
            if best.is_some_and(|(target, _)| dti(dtis, target) == SWITCH) {
                points |= 1 << point.index();
            }
        }
        if points == 0 { SwitchPoint::Nothing } else { SwitchPoint::Points(points) }
    }
}

/// A template while it is read. `spatial` is its spatial layer as on the wire.
struct Unread {
    point: OperatingPoint,
    spatial: usize,
    dtis: u64,
}

/// `template_layers`.
fn read_layers(bits: &mut Bits<'_>) -> Option<Vec<Unread>> {
    let (mut spatial, mut temporal) = (0, 0);
    let mut templates = Vec::new();
    loop {
        if templates.len() == MAX_TEMPLATES {
            return None;
        }
        let point = OperatingPoint::new(spatial, temporal);
        templates.push(Unread { point, spatial: spatial.into(), dtis: 0 });
        match bits.read(2)? {
            0 => {}
            1 => temporal += 1,
            2 => (spatial, temporal) = (spatial + 1, 0),
            _ => return Some(templates),
        }
    }
}

/// `template_dtis` of one template, or `frame_dtis`.
fn read_dtis(bits: &mut Bits<'_>, n_targets: usize) -> Option<u64> {
    let mut dtis = 0;
    for target in 0..n_targets {
        dtis |= u64::from(bits.read(2)?) << (2 * target);
    }
    Some(dtis)
}

fn dti(dtis: u64, target: usize) -> u64 {
    dtis >> (2 * target) & 3
}
