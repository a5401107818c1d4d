//! Atoms of a file. The walk is over slices and never deeper than the atoms that it looks for.

use std::io::{Read, Seek};

use mp4_atom::Atom;

use super::super::source::{Source, Stop};

/// The length of the fields of a sample entry before its atoms, in bytes.
pub(crate) const VISUAL_LEN: usize = 78;
pub(crate) const AUDIO_LEN: usize = 28;

/// The atoms of a body, one after the other: kind and body. It ends at the first that is not whole.
#[derive(Debug)]
pub(crate) struct Atoms<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Atoms<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (size, rest) = self.0.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_be_bytes(*size)).ok()?.checked_sub(8)?;
        let (body, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((*kind, body))
    }
}

/// The body of the first atom of a kind.
pub(crate) fn find<'a>(body: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    Atoms(body).find(|(found, _)| found == kind).map(|(_, body)| body)
}

/// An atom without others in it.
pub(crate) fn leaf<T: Atom>(body: &[u8], kind: [u8; 4]) -> Option<T> {
    let mut body = find(body, &kind)?;
    T::decode_body(&mut body).ok()
}

/// Kind and length of the body of the atom that begins here.
pub(crate) fn atom<R: Read + Seek>(source: &mut Source<R>) -> Result<([u8; 4], u64), Stop> {
    let size = u32::from_be_bytes(source.array()?);
    let kind = source.array()?;
    let len = match size {
        1 => u64::from_be_bytes(source.array()?).checked_sub(16),
        size => u64::from(size).checked_sub(8),
    };
    Ok((kind, len.ok_or(Stop::Cut)?))
}
