//! Layers of a WHEP session: what there is (draft-ietf-wish-whep-02, section 4.9.1.3), and which one
//! the player wants (section 4.9.2).

use media_api::LayerRate;
use protocol::{LayerName, RoomState};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The data of a `layers` event: for the m= section of the picture its layers, best first, those that
/// flow with their bit rate; nothing when there is no picture.
pub(crate) fn describe(
    room: &RoomState,
    rates: &[LayerRate],
    video_index: Option<usize>,
) -> String {
    let mut all = Map::new();
    if let Some(index) = video_index.filter(|_| room.codec.is_some()) {
        let layers: Vec<Value> = if room.layers.is_empty() {
            // The only layer has no rid: it is named by its place.
            let mut only = json!({ "spatialLayerId": 0 });
            if let Some(rate) = rates.first() {
                only["bitrate"] = bitrate(rate);
            }
            vec![only]
        } else {
            let n = room.layers.len();
            let describe = |(at, rid): (usize, &String)| layer(room, rates, rid, n - 1 - at);
            room.layers.iter().enumerate().map(describe).collect()
        };
        all.insert(index.to_string(), Value::Array(layers));
    }
    Value::Object(all).to_string()
}

fn layer(room: &RoomState, rates: &[LayerRate], rid: &str, spatial: usize) -> Value {
    let mut layer = json!({ "rid": rid, "spatialLayerId": spatial });
    // One without a bit rate does not flow.
    if let Some(rate) = rates.iter().find(|it| it.rid.as_deref() == Some(rid)) {
        layer["bitrate"] = bitrate(rate);
    }
    if let Some(size) = room.sizes.iter().find(|size| size.rid.as_str() == rid) {
        layer["width"] = size.w.into();
        layer["height"] = size.h.into();
    }
    layer
}

/// In bits a second.
fn bitrate(rate: &LayerRate) -> Value {
    (u64::from(rate.kbps) * 1_000).into()
}

/// What a player asks for. What is absent does not constrain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Choice {
    media_id: Option<String>,
    /// Earlier drafts call it `encodingId`.
    #[serde(alias = "encodingId")]
    rid: Option<String>,
    spatial_layer_id: Option<usize>,
    temporal_layer_id: Option<usize>,
    max_spatial_layer_id: Option<usize>,
    max_temporal_layer_id: Option<usize>,
    max_width: Option<u32>,
    max_height: Option<u32>,
}

/// Why a choice cannot be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not JSON of this shape.
    Malformed(String),
    /// There is no such layer here.
    NoSuchLayer(String),
}

/// Reads a choice, and says what it makes of the layers there are: the name of the best one wanted,
/// or `auto`.
pub(crate) fn choose(
    body: &str,
    room: &RoomState,
    video_index: Option<usize>,
) -> Result<LayerName, Refusal> {
    let choice: Choice = serde_json::from_str(body).map_err(|error| {
        Refusal::Malformed(format!("no choice of a layer: {:.200}", error.to_string()))
    })?;
    let none = |what: String| Err(Refusal::NoSuchLayer(what));
    if let Some(id) = &choice.media_id
        && id.parse().ok() != video_index
    {
        return none(format!("m= section {:.20} is not the picture's", id));
    }
    if choice.temporal_layer_id.is_some() || choice.max_temporal_layer_id.is_some() {
        return none("temporal layers are chosen by the server alone".into());
    }
    let constrains = choice.rid.is_some()
        || choice.spatial_layer_id.is_some()
        || choice.max_spatial_layer_id.is_some()
        || choice.max_width.is_some()
        || choice.max_height.is_some();
    if !constrains {
        return Ok(name("auto"));
    }
    if room.layers.is_empty() {
        return match (choice.rid, choice.spatial_layer_id) {
            (None, None | Some(0)) => Ok(name("auto")),
            _ => none("the broadcast has one layer".into()),
        };
    }
    let top = room.layers.len() - 1;
    if let Some(rid) = &choice.rid
        && !room.layers.contains(rid)
    {
        return none(format!(
            "there is no layer {:.20}; there are {}",
            rid,
            room.layers.join(", ")
        ));
    }
    if choice.spatial_layer_id.is_some_and(|id| id > top) {
        return none(format!("the highest spatial layer is {top}"));
    }
    let size = |rid: &str| room.sizes.iter().find(|size| size.rid.as_str() == rid);
    let fits = |at: usize, rid: &String| {
        let spatial = top - at;
        let within = |max: Option<u32>, value: Option<u16>| match (max, value) {
            (Some(max), Some(value)) => u32::from(value) <= max,
            _ => true,
        };
        choice.rid.as_ref().is_none_or(|wanted| wanted == rid)
            && choice.spatial_layer_id.is_none_or(|wanted| wanted == spatial)
            && choice.max_spatial_layer_id.is_none_or(|max| spatial <= max)
            && within(choice.max_width, size(rid).map(|it| it.w))
            && within(choice.max_height, size(rid).map(|it| it.h))
    };
    let found = room.layers.iter().enumerate().find(|(at, rid)| fits(*at, rid));
    // Smaller than the smallest: that one is nearest, unless it was named.
    let smallest = room.layers.last().filter(|_| choice.rid.is_none());
    match found.map(|(_, rid)| rid).or(smallest) {
        Some(rid) => LayerName::parse(rid).map_err(|it| Refusal::NoSuchLayer(it.to_string())),
        None => none("no layer is all of that".into()),
    }
}

fn name(text: &str) -> LayerName {
    LayerName::parse(text).expect("letters only")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(layers: &[&str]) -> RoomState {
        let size = |rid: &str, w, h| protocol::LayerSize { rid: name(rid), w, h };
        RoomState {
            live: protocol::LiveState::Live,
            codec: Some("VP8".into()),
            layers: layers.iter().map(|it| (*it).to_owned()).collect(),
            sizes: vec![size("h", 1280, 720), size("m", 640, 360), size("l", 320, 180)],
            ..RoomState::empty(protocol::RoomName::parse("r").unwrap())
        }
    }

    #[test]
    fn the_layers_are_told_for_the_pictures_section() {
        let rates = [LayerRate { rid: Some("h".into()), kbps: 1_500 }];
        let told = describe(&room(&["h", "l"]), &rates, Some(1));
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["1"][0]["bitrate"], 1_500_000);
        assert_eq!(told["1"][1]["bitrate"], Value::Null, "it does not flow");
        assert_eq!(told["1"][0]["rid"], "h");
        assert_eq!(told["1"][0]["height"], 720);
        assert_eq!(told["1"][1]["spatialLayerId"], 0);
        assert_eq!(describe(&room(&["h"]), &[], None), "{}");
        let one: Value = serde_json::from_str(&describe(&room(&[]), &[], Some(0))).unwrap();
        assert_eq!(one["0"][0]["spatialLayerId"], 0);
    }

    #[test]
    fn a_choice_is_the_best_layer_within_it() {
        let room = room(&["h", "m", "l"]);
        let choose = |body: &str| choose(body, &room, Some(1));
        for (body, expect) in [
            (r#"{"mediaId":"1"}"#, "auto"),
            ("{}", "auto"),
            (r#"{"mediaId":"1","rid":"m"}"#, "m"),
            (r#"{"encodingId":"l"}"#, "l"),
            (r#"{"spatialLayerId":2}"#, "h"),
            (r#"{"maxSpatialLayerId":1}"#, "m"),
            (r#"{"maxHeight":400}"#, "m"),
            (r#"{"maxWidth":100}"#, "l"),
            (r#"{"maxWidth":1920,"maxHeight":1080,"unknown":[1]}"#, "h"),
        ] {
            assert_eq!(choose(body).unwrap().as_str(), expect, "{body}");
        }
        for (body, why) in [
            (r#"{"rid":"x"}"#, "h, m, l"),
            (r#"{"mediaId":"0"}"#, "not the picture's"),
            (r#"{"spatialLayerId":3}"#, "is 2"),
            (r#"{"temporalLayerId":1}"#, "temporal"),
            (r#"{"rid":"h","maxHeight":180}"#, "no layer is all of that"),
        ] {
            let Err(Refusal::NoSuchLayer(said)) = choose(body) else { panic!("{body}") };
            assert!(said.contains(why), "{body}: {said}");
        }
        let long = format!(r#"{{"maxWidth":"{}"}}"#, "9".repeat(40_000));
        let Err(Refusal::Malformed(said)) = choose(&long) else { panic!("{long}") };
        assert!(said.len() < 300, "an error repeats little of what was sent");
        for body in ["", "[]x", r#"{"rid":1}"#] {
            assert!(matches!(choose(body), Err(Refusal::Malformed(_))), "{body}");
        }
    }

    #[test]
    fn a_broadcast_of_one_layer_is_what_it_is() {
        let choose = |body: &str| choose(body, &room(&[]), Some(0));
        assert_eq!(choose(r#"{"mediaId":"0","maxHeight":180}"#).unwrap().as_str(), "auto");
        assert!(choose(r#"{"rid":"h"}"#).is_err());
    }
}
