//! A report as JSON. Times are in milliseconds.

use std::time::Duration;

use record::Rotation;
use record::inspect::{Kind, Report, TrackReport};
use record::read::{End, StoredMedia};
use serde_json::{Value, json};

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// All of a report.
pub(super) fn report(report: &Report) -> Value {
    let problem = |it: &record::inspect::Problem| json!({ "code": it.code(), "text": it.to_string(), "atMs": it.at().map(ms) });
    json!({
        "container": report.container.name(),
        "bytes": report.bytes,
        "durationMs": ms(report.duration),
        "declaredDurationMs": report.declared_duration.map(ms),
        "end": match report.end {
            End::Whole => "whole",
            End::Unfinished => "unfinished",
            End::Cut { .. } => "cut_off",
        },
        "readableBytes": match report.end {
            End::Cut { at } => at,
            End::Whole | End::Unfinished => report.bytes,
        },
        "tracks": report.tracks.iter().map(track).collect::<Vec<_>>(),
        "soundAfterPicture": report.offset.map(|it| json!({
            "beginMs": it.begin_ms,
            "endMs": it.end_ms,
            "driftMs": it.drift_ms(),
        })),
        "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

fn track(track: &TrackReport) -> Value {
    let mut value = json!({
        "kind": Kind::of(&track.track).name(),
        "codec": track.track.codec_name,
        "frames": track.n_frames,
        "bytes": track.bytes,
        "bitRate": track.bit_rate(),
        "frameRate": track.frame_rate().map(|it| (it * 100.0).round() / 100.0),
        "firstMs": track.first.map(ms),
        "lastMs": track.last.map(ms),
        "longestFrameBytes": track.longest_frame,
        "gaps": track.gaps.iter().map(|it| json!({ "atMs": ms(it.at), "lengthMs": ms(it.length) }))
            .collect::<Vec<_>>(),
        "moreGaps": track.n_more_gaps,
    });
    match track.track.media {
        StoredMedia::Video { width, height, rotation } => {
            value["width"] = width.into();
            value["height"] = height.into();
            value["rotation"] = degrees(rotation).into();
            value["reorderedFrames"] = track.n_reordered.into();
        }
        StoredMedia::Audio { channels } => value["channels"] = channels.into(),
        StoredMedia::Other => {}
    }
    if let Some(keyframes) = &track.keyframes {
        value["keyframes"] = json!({
            "count": keyframes.count,
            "longestApartMs": ms(keyframes.longest),
            "longestApartAtMs": ms(keyframes.longest_at),
        });
    }
    value
}

/// How far a player turns the picture, clockwise.
pub(super) fn degrees(rotation: Rotation) -> u32 {
    match rotation {
        Rotation::None => 0,
        Rotation::By90 => 90,
        Rotation::By180 => 180,
        Rotation::By270 => 270,
    }
}
