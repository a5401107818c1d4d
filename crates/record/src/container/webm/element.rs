//! Reads ids and sizes of elements (RFC 8794, sections 4 and 5).

use std::io::{Read, Seek};

use super::super::source::{Source, Stop};

/// The id and the size of the element that begins here.
pub(crate) fn element<R: Read + Seek>(source: &mut Source<R>) -> Result<(u32, u64), Stop> {
    let name = element_id(source)?;
    Ok((name, size(source)?.ok_or(Stop::Cut)?))
}

/// The id of the element that begins here.
pub(crate) fn element_id<R: Read + Seek>(source: &mut Source<R>) -> Result<u32, Stop> {
    let [first] = source.array()?;
    let more = first.leading_zeros();
    if more > 3 {
        return Err(Stop::Cut);
    }
    let mut name = u32::from(first);
    for _ in 0..more {
        let [byte] = source.array()?;
        name = name << 8 | u32::from(byte);
    }
    Ok(name)
}

/// A size, or the number of a track. `None`: the size is unknown, all its bits are ones.
pub(crate) fn size<R: Read + Seek>(source: &mut Source<R>) -> Result<Option<u64>, Stop> {
    let [first] = source.array()?;
    let more = first.leading_zeros();
    if more > 7 {
        return Err(Stop::Cut);
    }
    let mut size = u64::from(first) & (0x7F >> more);
    for _ in 0..more {
        let [byte] = source.array()?;
        size = size << 8 | u64::from(byte);
    }
    Ok(Some(size).filter(|size| *size != (1 << (7 * (more + 1))) - 1))
}
