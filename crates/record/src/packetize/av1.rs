//! AV1 in RTP (RTP Payload Format For AV1, section 4): OBUs without their sizes, each behind its length, one after the
//! other; what does not fit goes on in the next packet.

use super::MAX_PAYLOAD;

// Types of OBUs (AV1 bitstream specification, section 6.2.2).
const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const TILE_LIST: u8 = 8;
const PADDING: u8 = 15;

// The aggregation header (section 4.4): the first element goes on from the packet before, the last one in the next; a
// coded video sequence begins.
const CONTINUES: u8 = 0x80;
const GOES_ON: u8 = 0x40;
const BEGINS: u8 = 0x08;

/// The bytes of a length: a packet is shorter than 2^14 bytes.
const LENGTH: usize = 2;

pub(super) fn packets(unit: &[u8], is_key: bool) -> Vec<Vec<u8>> {
    let obus = obus(unit).unwrap_or_default();
    let begins = is_key && obus.iter().any(|obu| kind(obu) == Some(SEQUENCE_HEADER));
    let mut packets = Vec::new();
    let mut packet = vec![if begins { BEGINS } else { 0 }];
    for obu in &obus {
        let mut rest = obu.as_slice();
        while !rest.is_empty() {
            let mut room = MAX_PAYLOAD.saturating_sub(packet.len() + LENGTH);
            if room == 0 {
                packets.push(std::mem::replace(&mut packet, vec![0]));
                room = MAX_PAYLOAD - 1 - LENGTH;
            }
            let (part, after) = rest.split_at(room.min(rest.len()));
            packet.extend([part.len() as u8 | 0x80, (part.len() >> 7) as u8]);
            packet.extend_from_slice(part);
            rest = after;
            if !rest.is_empty() {
                if let Some(header) = packet.first_mut() {
                    *header |= GOES_ON;
                }
                packets.push(std::mem::replace(&mut packet, vec![CONTINUES]));
            }
        }
    }
    if packet.len() > 1 {
        packets.push(packet);
    }
    packets
}

fn kind(obu: &[u8]) -> Option<u8> {
    Some(obu.first()? >> 3 & 0x0F)
}

/// The OBUs of a temporal unit that are sent, without their sizes.
fn obus(unit: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = unit;
    let mut obus = Vec::new();
    while let Some((&header, mut after)) = rest.split_first() {
        let mut obu = vec![header & !0x02];
        if header & 0x04 != 0 {
            let (&extension, behind) = after.split_first()?;
            obu.push(extension);
            after = behind;
        }
        let size = if header & 0x02 != 0 {
            let (size, behind) = leb128(after)?;
            after = behind;
            size
        } else {
            after.len()
        };
        let (body, behind) = after.split_at_checked(size)?;
        rest = behind;
        obu.extend_from_slice(body);
        if !matches!(kind(&obu), Some(TEMPORAL_DELIMITER | TILE_LIST | PADDING)) {
            obus.push(obu);
        }
    }
    Some(obus)
}

/// A number of seven bits in each byte, the lowest first (section 4.10.5 of the bitstream specification).
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value: u64 = 0;
    for (n, byte) in bytes.iter().enumerate().take(8) {
        value |= u64::from(byte & 0x7F) << (7 * n);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, bytes.get(n + 1..)?));
        }
    }
    None
}
