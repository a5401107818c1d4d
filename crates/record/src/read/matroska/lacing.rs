//! Several frames in one block (RFC 9559, section 10.3).

use std::io::{Read, Seek};

use crate::container::source::{Source, Stop};
use crate::container::webm::element::size;

/// Reads the sizes of the frames of a block that ends at `end`. The first frame begins behind them.
pub(super) fn sizes<R: Read + Seek>(
    source: &mut Source<R>,
    end: u64,
    flags: u8,
) -> Result<Vec<u64>, Stop> {
    let rest = |source: &Source<R>| end.checked_sub(source.at()).ok_or(Stop::Cut);
    let lacing = flags & 0x06;
    if lacing == 0 {
        return Ok(vec![rest(source)?]);
    }
    let [others] = source.array()?;
    let others = usize::from(others);
    let mut sizes = Vec::with_capacity(others + 1);
    match lacing {
        0x02 => {
            for _ in 0..others {
                sizes.push(xiph(source)?);
            }
        }
        0x04 => {
            let count = others as u64 + 1;
            let all = rest(source)?;
            if all % count != 0 {
                return Err(Stop::Cut);
            }
            sizes.resize(others, all / count);
        }
        _ => {
            for n in 0..others {
                let next = match sizes.last() {
                    None => size(source)?.ok_or(Stop::Cut)?,
                    Some(before) if n > 0 => difference(source, *before)?,
                    Some(_) => return Err(Stop::Cut),
                };
                sizes.push(next);
            }
        }
    }
    let all = sizes.iter().try_fold(0u64, |sum, size| sum.checked_add(*size)).ok_or(Stop::Cut)?;
    sizes.push(rest(source)?.checked_sub(all).ok_or(Stop::Cut)?);
    Ok(sizes)
}

/// Bytes that are added up, until one is less than 255.
fn xiph<R: Read + Seek>(source: &mut Source<R>) -> Result<u64, Stop> {
    let mut size = 0;
    loop {
        let [byte] = source.array()?;
        size += u64::from(byte);
        if byte < 255 {
            return Ok(size);
        }
    }
}

/// A size as what is added to the one before: the middle of the numbers of its length is zero.
fn difference<R: Read + Seek>(source: &mut Source<R>, before: u64) -> Result<u64, Stop> {
    let begin = source.at();
    // All ones are a number here, as any other.
    let read = size(source)?;
    let n_bytes = source.at() - begin;
    let bits = 7 * n_bytes;
    let read = read.unwrap_or((1 << bits) - 1);
    let middle = (1 << (bits - 1)) - 1;
    before.checked_add(read).and_then(|sum| sum.checked_sub(middle)).ok_or(Stop::Cut)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(lacing: u8, block: &[u8]) -> Result<Vec<u64>, ()> {
        let mut source = Source::new(Cursor::new(block)).unwrap();
        sizes(&mut source, block.len() as u64, lacing).map_err(|_| ())
    }

    #[test]
    fn frames_of_a_block_are_told_apart() {
        assert_eq!(read(0, &[0; 7]), Ok(vec![7]));
        assert_eq!(read(0x04, &[1, 7, 7, 7, 7]), Ok(vec![2, 2]));
        let xiph = [&[2, 255, 1, 2][..], &[0; 260]].concat();
        assert_eq!(read(0x02, &xiph), Ok(vec![256, 2, 2]));
        // 4, then 1 more, then what is left: the middle of one byte is 63.
        let ebml = [&[2, 0x84, 0x80 | 64][..], &[0; 12]].concat();
        assert_eq!(read(0x06, &ebml), Ok(vec![4, 5, 3]));
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        for (lacing, block) in
            [(0x04, &[1, 7, 7, 7][..]), (0x02, &[1, 9, 0]), (0x06, &[1, 0x89, 0]), (0x02, &[3])]
        {
            assert!(read(lacing, block).is_err(), "{block:?}");
        }
    }
}
