//! Limits of a description's size. They apply while it is parsed, so that the time is linear in its length and the
//! result is small.

use crate::error::Error;
use crate::lines::split_word;

/// Bytes of the whole text.
pub const MAX_BYTES: usize = 64 * 1024;
/// Lines. A browser's offer with every codec has 300.
pub const MAX_LINES: u32 = 2_000;
/// Bytes of a line without its line end. The longest line of a browser is an `a=fmtp` of 200 bytes.
pub const MAX_LINE_BYTES: usize = 1_024;
/// Media descriptions: sound and picture of a host and eight guests, and a data channel.
pub const MAX_SECTIONS: usize = 20;
/// Formats of a media description, and its `a=rtpmap` and `a=fmtp` lines. Chromium offers 40 for video.
pub const MAX_FORMATS: usize = 64;
/// Different sources of a description in `a=ssrc` and `a=ssrc-group`: Firefox names two of each media description.
pub const MAX_SOURCES: usize = 40;

/// The counts so far.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    n_rtpmap: usize,
    n_fmtp: usize,
    /// At most [`MAX_SOURCES`].
    sources: Vec<u32>,
}

impl Meter {
    /// Checks the length of the text.
    pub(crate) fn text(text: &str) -> Result<(), Error> {
        if text.len() > MAX_BYTES {
            return Err(Error::too_large("more than 64 KiB"));
        }
        Ok(())
    }

    /// Checks a line's number and length.
    pub(crate) fn line(number: u32, raw: &str) -> Result<(), Error> {
        if number > MAX_LINES {
            return Err(Error::too_large("more than 2000 lines"));
        }
        if raw.len() > MAX_LINE_BYTES {
            return Err(Error::too_large("a line of more than 1024 bytes"));
        }
        Ok(())
    }

    /// Counts a media description that follows `n` others, and its formats.
    pub(crate) fn section(&mut self, n: usize, formats: usize) -> Result<(), Error> {
        if n == MAX_SECTIONS {
            return Err(Error::too_large("more than 20 media descriptions"));
        }
        (self.n_rtpmap, self.n_fmtp) = (0, 0);
        if formats > MAX_FORMATS {
            return Err(Error::too_large("more than 64 payload types in one media description"));
        }
        Ok(())
    }

    /// Counts an `a=rtpmap`.
    pub(crate) fn rtpmap(&mut self) -> Result<(), Error> {
        self.n_rtpmap += 1;
        format_lines(self.n_rtpmap)
    }

    /// Counts an `a=fmtp`.
    pub(crate) fn fmtp(&mut self) -> Result<(), Error> {
        self.n_fmtp += 1;
        format_lines(self.n_fmtp)
    }

    /// Counts the source of an `a=ssrc`.
    pub(crate) fn ssrc(&mut self, value: &str) -> Result<(), Error> {
        split_word(value).0.parse().map_or(Ok(()), |ssrc| self.source(ssrc))
    }

    /// Counts the sources of an `a=ssrc-group`.
    pub(crate) fn ssrc_group(&mut self, value: &str) -> Result<(), Error> {
        let mut sources = value.split_ascii_whitespace().skip(1).filter_map(|it| it.parse().ok());
        sources.try_for_each(|ssrc| self.source(ssrc))
    }

    fn source(&mut self, ssrc: u32) -> Result<(), Error> {
        // The lines of a source are adjacent, so the search begins at the end.
        if self.sources.iter().rev().any(|it| *it == ssrc) {
            return Ok(());
        }
        if self.sources.len() == MAX_SOURCES {
            return Err(Error::too_large("more than 40 sources"));
        }
        self.sources.push(ssrc);
        Ok(())
    }
}

fn format_lines(n: usize) -> Result<(), Error> {
    if n > MAX_FORMATS {
        return Err(Error::too_large("more than 64 formats in one media description"));
    }
    Ok(())
}
