//! Playlists (RFC 8216bis, section 4).

use std::fmt::Write;
use std::time::Duration;

use super::live::{Live, Rendition, Segment, lists_parts};
use super::{PART_TARGET, TARGET_S};

/// How far behind the live edge a player stays, in parts (RFC 8216bis, section 4.4.3.8: at least three).
const HOLD_BACK_PARTS: u32 = 3;

/// Segments older than this are left out where a player asks for what is new alone; at least six target durations.
const SKIP_UNTIL_S: u64 = 6 * TARGET_S;

impl Live {
    /// The playlist of all renditions. `query` is added to each address, such as `?pass=x`.
    pub fn multivariant(&self, query: &str) -> String {
        let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:9\n");
        let audio = self.renditions.iter().find(|it| it.size().is_none());
        let audio_codec = audio.and_then(|it| it.headers.back()).map(|(_, it)| it.codecs.clone());
        if let Some(audio) = audio {
            _ = writeln!(
                text,
                "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"sound\",DEFAULT=YES,AUTOSELECT=YES,\
                 CHANNELS=\"2\",URI=\"{}.m3u8{query}\"",
                audio.id
            );
        }
        let mut pictures: Vec<&Rendition> =
            self.renditions.iter().filter(|it| it.size().is_some()).collect();
        pictures.sort_by_key(|it| std::cmp::Reverse(it.size()));
        let audio_bits = audio.map_or((0, 0), Rendition::bits);
        for picture in &pictures {
            let Some((_, header)) = picture.headers.back() else { continue };
            let (highest, usual) = picture.bits();
            let mut codecs = header.codecs.clone();
            if let Some(audio) = &audio_codec {
                codecs = format!("{codecs},{audio}");
            }
            _ = write!(
                text,
                "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{codecs}\"",
                highest + audio_bits.0,
                usual + audio_bits.1
            );
            if let Some((width, height)) = header.size {
                _ = write!(text, ",RESOLUTION={width}x{height}");
            }
            if audio.is_some() {
                text.push_str(",AUDIO=\"sound\"");
            }
            _ = writeln!(text, "\n{}.m3u8{query}", picture.id);
        }
        // Sound alone.
        if let (Some(audio), true) = (audio, pictures.is_empty()) {
            let codecs = audio_codec.unwrap_or_default();
            _ = writeln!(
                text,
                "#EXT-X-STREAM-INF:BANDWIDTH={},CODECS=\"{codecs}\",AUDIO=\"sound\"\n{}.m3u8{query}",
                audio_bits.0, audio.id
            );
        }
        text
    }

    /// The playlist of a rendition. `skips`: what is old is left out (`_HLS_skip`).
    pub fn media(&self, rendition: &str, skips: bool, query: &str) -> Option<String> {
        let of = self.of(rendition)?;
        let first = of.segments.front().map_or(0, |it| it.number);
        let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:9\n");
        // Hosts may leave their keyframes out: it is said of a rendition as long as it is so.
        if of.is_independent {
            text.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
        }
        _ = writeln!(text, "#EXT-X-TARGETDURATION:{TARGET_S}");
        let part = PART_TARGET.as_secs_f64();
        _ = writeln!(
            text,
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={:.3},CAN-SKIP-UNTIL={SKIP_UNTIL_S}.0",
            part * f64::from(HOLD_BACK_PARTS)
        );
        _ = writeln!(text, "#EXT-X-PART-INF:PART-TARGET={part:.3}");
        _ = writeln!(text, "#EXT-X-MEDIA-SEQUENCE:{first}");
        if of.gaps_before > 0 {
            _ = writeln!(text, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", of.gaps_before);
        }
        let n_skipped = if skips { skippable(of) } else { 0 };
        if n_skipped > 0 {
            _ = writeln!(text, "#EXT-X-SKIP:SKIPPED-SEGMENTS={n_skipped}");
        }
        let mut header = None;
        for (n, segment) in of.segments.iter().enumerate() {
            if n < n_skipped {
                header = Some(segment.header);
                continue;
            }
            let is_other = header != Some(segment.header);
            header = Some(segment.header);
            list(of, segment, is_other, query, &mut text);
        }
        if self.is_over {
            text.push_str("#EXT-X-ENDLIST\n");
        } else {
            hint(of, query, &mut text);
            for other in self.renditions.iter().filter(|it| it.id != of.id) {
                report(other, query, &mut text);
            }
        }
        Some(text)
    }
}

fn list(of: &Rendition, segment: &Segment, is_other: bool, query: &str, text: &mut String) {
    let (id, number) = (&of.id, segment.number);
    if segment.is_after_gap {
        text.push_str("#EXT-X-DISCONTINUITY\n");
    }
    if is_other {
        _ = writeln!(text, "#EXT-X-MAP:URI=\"{id}-{}.header.mp4{query}\"", segment.header);
    }
    if let Some(at) = timestamp(segment.at_ms) {
        _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{at}");
    }
    if lists_parts(of, segment) {
        for (n, part) in segment.parts.iter().enumerate() {
            let independent = if part.is_independent { ",INDEPENDENT=YES" } else { "" };
            _ = writeln!(
                text,
                "#EXT-X-PART:DURATION={:.5},URI=\"{id}-{number}-{n}.part.m4s{query}\"{independent}",
                part.duration.as_secs_f64()
            );
        }
    }
    if segment.is_over {
        _ = writeln!(
            text,
            "#EXTINF:{:.5},\n{id}-{number}.m4s{query}",
            segment.duration.as_secs_f64()
        );
    }
}

/// The part that comes next.
fn hint(of: &Rendition, query: &str, text: &mut String) {
    let number = of.newest();
    let open = of.segments.back().filter(|it| !it.is_over);
    let part = open.map_or(0, |it| it.parts.len());
    let id = &of.id;
    _ = writeln!(
        text,
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{id}-{number}-{part}.part.m4s{query}\""
    );
}

/// Where another rendition is, so that a player that changes to it need not ask first.
fn report(other: &Rendition, query: &str, text: &mut String) {
    let Some(last) = other.segments.back() else { return };
    let part = last.parts.len().saturating_sub(1);
    _ = writeln!(
        text,
        "#EXT-X-RENDITION-REPORT:URI=\"{}.m3u8{query}\",LAST-MSN={},LAST-PART={part}",
        other.id, last.number
    );
}

/// How many of the oldest segments may be left out.
fn skippable(of: &Rendition) -> usize {
    let mut behind = Duration::ZERO;
    let mut n_kept = 0;
    for segment in of.segments.iter().rev() {
        if behind >= Duration::from_secs(SKIP_UNTIL_S) {
            break;
        }
        behind += segment.duration;
        n_kept += 1;
    }
    of.segments.len() - n_kept
}

/// RFC 3339, in UTC.
fn timestamp(unix_ms: u64) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
    Some(format!("{at:.3}"))
}
