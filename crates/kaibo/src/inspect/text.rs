//! How a report looks in a terminal.

use std::fmt::Write;
use std::time::Duration;

use record::Rotation;
use record::inspect::{Kind, Report, TrackReport, clock, length};
use record::read::{End, StoredMedia};

use super::json::degrees;

/// All of a report.
pub(super) fn report(name: &str, report: &Report) -> String {
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        _ = writeln!(out, "{text}");
    };
    let end = match report.end {
        End::Whole => "whole",
        End::Unfinished => "not finished",
        End::Cut { .. } => "cut off",
    };
    let (container, duration) = (report.container.name(), length(report.duration));
    line(format_args!("{name}: {container}, {duration}, {}, {end}", size(report.bytes)));
    for track in &report.tracks {
        line(format_args!("  {:8} {}", Kind::of(&track.track).name(), what(track)));
        if let (Some(first), Some(last)) = (track.first, track.last) {
            line(format_args!("           {}", frames(track, first, last)));
        }
        if let Some(keyframes) = track.keyframes.as_ref().filter(|_| track.n_frames > 0) {
            let (n, apart) = (keyframes.count, length(keyframes.longest));
            let s = if n == 1 { "" } else { "s" };
            line(format_args!("           {n} keyframe{s}, {apart} apart at most"));
        }
    }
    if let Some(offset) = &report.offset {
        let drift = offset.drift_ms();
        line(format_args!(
            "  the sound begins {:+} ms and ends {:+} ms after the picture ({drift:+} ms of drift)",
            offset.begin_ms, offset.end_ms,
        ));
    }
    line(format_args!(""));
    for problem in &report.problems {
        line(format_args!("  ! {problem}"));
    }
    match report.problems.len() {
        0 => line(format_args!("  ✓ nothing is wrong with it")),
        1 => line(format_args!("\n1 problem was found.")),
        n => line(format_args!("\n{n} problems were found.")),
    }
    out
}

fn what(track: &TrackReport) -> String {
    let mut text = track.track.codec_name.clone();
    match track.track.media {
        StoredMedia::Video { width, height, rotation } => {
            _ = write!(text, ", {width}x{height}");
            if rotation != Rotation::None {
                _ = write!(text, ", turned by {}°", degrees(rotation));
            }
        }
        StoredMedia::Audio { channels: 1 } => text.push_str(", mono"),
        StoredMedia::Audio { channels: 2 } => text.push_str(", stereo"),
        StoredMedia::Audio { channels } => _ = write!(text, ", {channels} channels"),
        StoredMedia::Other => {}
    }
    _ = write!(text, ", {} frames", track.n_frames);
    if let Some(rate) = track.frame_rate() {
        let rate = (rate * 100.0).round() / 100.0;
        _ = write!(text, ", {rate} a second");
    }
    if let Some(rate) = track.bit_rate() {
        _ = write!(text, ", {} kbit/s", rate / 1000);
    }
    if track.n_reordered > 0 {
        _ = write!(text, ", B-frames");
    }
    text
}

fn frames(track: &TrackReport, first: Duration, last: Duration) -> String {
    let at = |time: Duration| format!("{}.{:03}", clock(time), time.subsec_millis());
    format!(
        "{} to {}, the longest frame has {}",
        at(first),
        at(last),
        size(track.longest_frame.into())
    )
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
