//! AVIF (AV1 Image File Format 1.1): the properties of a picture, and the picture.

use mp4_atom::{
    Av1c, Decode, Encode, FourCC, Ftyp, Hdlr, Iinf, Iloc, Ipco, Ipma, Iprp, Irot, Ispe,
    ItemInfoEntry, ItemLocation, ItemLocationExtent, Mdat, Meta, Pitm, Pixi, PropertyAssociation,
    PropertyAssociations,
};

use crate::frame::{Rotation, VideoTrack};

const ITEM: u32 = 1;

/// The length of the header of a box, in bytes.
const HEADER: usize = 8;

/// A picture of one item.
pub(super) fn write(video: &VideoTrack, data: &[u8]) -> Option<Vec<u8>> {
    let brand = FourCC::new;
    let ftyp = Ftyp {
        major_brand: brand(b"avif"),
        minor_version: 0,
        compatible_brands: vec![brand(b"avif"), brand(b"mif1"), brand(b"miaf")],
    };
    let mut bytes = Vec::new();
    ftyp.encode(&mut bytes).ok()?;
    // The place of the picture is in the box in front of it, whose length does not depend on it.
    let mut meta = Vec::new();
    describe(video, 0, data.len())?.encode(&mut meta).ok()?;
    let offset = bytes.len() + meta.len() + HEADER;
    describe(video, offset, data.len())?.encode(&mut bytes).ok()?;
    Mdat { data: data.to_vec() }.encode(&mut bytes).ok()?;
    Some(bytes)
}

fn describe(video: &VideoTrack, offset: usize, length: usize) -> Option<Meta> {
    let mut config = Vec::with_capacity(video.config.len() + HEADER);
    config.extend_from_slice(&u32::try_from(video.config.len() + HEADER).ok()?.to_be_bytes());
    config.extend_from_slice(b"av1C");
    config.extend_from_slice(&video.config);
    let av1c = Av1c::decode(&mut config.as_slice()).ok()?;
    let extent = ItemLocationExtent {
        item_reference_index: 0,
        offset: offset as u64,
        length: length as u64,
    };
    let location = ItemLocation {
        item_id: ITEM,
        construction_method: 0,
        data_reference_index: 0,
        base_offset: 0,
        extents: vec![extent],
    };
    let info = ItemInfoEntry {
        item_id: ITEM,
        item_protection_index: 0,
        item_type: Some(FourCC::new(b"av01")),
        item_name: String::new(),
        content_type: None,
        content_encoding: None,
        item_uri_type: None,
        item_not_in_presentation: false,
    };
    let mut properties = vec![
        Ispe { width: video.width, height: video.height }.into(),
        Pixi { bits_per_channel: vec![8, 8, 8] }.into(),
        av1c.into(),
    ];
    // Anticlockwise, where a track is turned clockwise.
    let turned = match video.rotation {
        Rotation::None => None,
        Rotation::By90 => Some(3),
        Rotation::By180 => Some(2),
        Rotation::By270 => Some(1),
    };
    properties.extend(turned.map(|angle| Irot { angle }.into()));
    let associations = (1..=properties.len() as u16).map(|property_index| PropertyAssociation {
        // A reader that does not know the decoder's configuration or how to turn cannot show it.
        essential: property_index >= 3,
        property_index,
    });
    let associations = PropertyAssociations { item_id: ITEM, associations: associations.collect() };
    Some(Meta {
        hdlr: Hdlr { handler: FourCC::new(b"pict"), name: String::new() },
        items: vec![
            Pitm { item_id: ITEM }.into(),
            Iloc { item_locations: vec![location] }.into(),
            Iinf { item_infos: vec![info] }.into(),
            Iprp {
                ipco: Ipco { properties },
                ipma: vec![Ipma { item_properties: vec![associations] }],
            }
            .into(),
        ],
    })
}
