//! The single pass over a text.

use crate::attributes::Attributes;
use crate::bounds::Meter;
use crate::direction::Direction;
use crate::error::Error;
use crate::lines::{Line, lines};
use crate::meanings::Meanings;
use crate::section::Section;

const NO_DESCRIPTION: Error = Error::malformed("it does not begin with v=0");
const NO_FRAGMENT: Error = Error::malformed("a fragment has lines of a= and m= only");

/// The parts of a text.
#[derive(Debug, Default)]
pub(crate) struct Read<'a> {
    /// Value of the first `o=` line.
    pub(crate) origin: Option<&'a str>,
    pub(crate) session: Attributes<'a>,
    pub(crate) sections: Vec<Section<'a>>,
    /// Whether a payload type has different encodings in two media descriptions.
    pub(crate) has_two_meanings: bool,
}

/// Reads a whole description. Unknown lines are skipped.
pub(crate) fn description(text: &str) -> Result<Read<'_>, Error> {
    Meter::text(text)?;
    if !text.starts_with("v=0") {
        return Err(NO_DESCRIPTION.at_line(1));
    }
    let mut reader = Reader::default();
    for line in lines(text) {
        reader.line(line).map_err(|error| error.at_line(line.number))?;
    }
    Ok(reader.read)
}

/// Reads a fragment, which has only `a=` and `m=` lines (RFC 8840, section 9).
pub(crate) fn fragment(text: &str) -> Result<Read<'_>, Error> {
    Meter::text(text)?;
    let mut reader = Reader::default();
    for line in lines(text) {
        let at = |error: Error| error.at_line(line.number);
        match line.value(b'm') {
            Some(value) => {
                Meter::line(line.number, line.raw).map_err(at)?;
                let section = Section::of_fragment(value, line.number);
                reader.section(section).map_err(at)?;
            }
            None if line.value(b'a').is_some() || line.text().is_empty() => {
                reader.line(line).map_err(at)?;
            }
            None => return Err(at(NO_FRAGMENT)),
        }
    }
    Ok(reader.read)
}

#[derive(Debug, Default)]
struct Reader<'a> {
    read: Read<'a>,
    meter: Meter,
    meanings: Meanings,
    /// The session's direction, for media descriptions without their own.
    direction: Direction,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: Line<'a>) -> Result<(), Error> {
        Meter::line(line.number, line.raw)?;
        match line.raw.as_bytes() {
            [b'a', b'=', ..] => self.attribute(line),
            [b'm', b'=', ..] => {
                let value = line.value(b'm').unwrap_or_default();
                self.section(Section::parse(value, line.number, self.direction)?)
            }
            [b'o', b'=', ..] => {
                self.read.origin = self.read.origin.or(line.value(b'o'));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn section(&mut self, section: Section<'a>) -> Result<(), Error> {
        self.meter.section(self.read.sections.len(), section.formats().count())?;
        self.meanings.begin_section();
        self.read.sections.push(section);
        Ok(())
    }

    fn attribute(&mut self, line: Line<'a>) -> Result<(), Error> {
        let Some((name, value)) = line.attribute() else { return Ok(()) };
        match name {
            "rtpmap" => self.meter.rtpmap()?,
            "fmtp" => self.meter.fmtp()?,
            "ssrc" => self.meter.ssrc(value)?,
            "ssrc-group" => self.meter.ssrc_group(value)?,
            _ => {}
        }
        let Some(section) = self.read.sections.last_mut() else {
            if let Some(direction) = Direction::parse(name) {
                self.direction = direction;
            }
            self.read.session.push(name, value);
            return Ok(());
        };
        section.push(name, value);
        if name == "rtpmap" {
            self.read.has_two_meanings |= self.meanings.rtpmap(value, &self.read.sections)?;
        }
        Ok(())
    }
}
