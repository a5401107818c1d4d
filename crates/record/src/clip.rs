//! A clip: the last seconds of a room, as a file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use media_api::RoomId;

use crate::container::Format;
use crate::disk::{create, finish};
use crate::recording::{Layers, Output, Recording, Settings};
use crate::window::Span;

/// A clip as it is asked for.
#[derive(Debug, Clone)]
pub struct ClipOrder {
    /// The room.
    pub room: RoomId,
    /// Of the last so many seconds.
    pub last: Duration,
    /// Where the file is to be; its folder is made.
    pub folder: PathBuf,
    /// The kind of file where the codec leaves a choice.
    pub format: Format,
}

/// A clip that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// Its name in the folder.
    pub name: String,
    /// How long it is: longer than was asked for, as it begins with a keyframe.
    pub duration: Duration,
    /// Its length, in bytes.
    pub bytes: u64,
    /// The sides of the picture, if it has one.
    pub size: Option<(u32, u32)>,
}

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The room's past is not kept.
    #[error("the past of the room is not kept")]
    NoPast,
    /// Nothing in it can be played.
    #[error("nothing was sent")]
    Empty,
    /// Too many are made at once.
    #[error("too many clips are made at once")]
    Busy,
    /// The disk does not do it.
    #[error("the clip cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// Writes what a span of the past shows into one file. When the picture changed its size or codec in it, what is the longest
/// without a change is kept.
pub(crate) fn write(span: Span, order: &ClipOrder) -> Result<Clip, ClipError> {
    let settings = Settings {
        format: order.format,
        file_for: Duration::MAX,
        file_bytes: u64::MAX,
        layers: Layers::Best,
    };
    let mut files = Files { order, made: Vec::new(), open: None };
    fs::create_dir_all(&order.folder)?;
    let made = files.record(span, settings);
    let best = files.made.iter().max_by_key(|it| it.duration).cloned();
    let name = best.as_ref().map(|it| it.name.clone());
    let others = files.made.iter().filter(|it| made.is_err() || Some(&it.name) != name.as_ref());
    others.for_each(|it| _ = fs::remove_file(order.folder.join(&it.name)));
    made?;
    best.ok_or(ClipError::Empty)
}

/// The files of a clip, while it is found out which one is it.
#[derive(Debug)]
struct Files<'a> {
    order: &'a ClipOrder,
    made: Vec<Clip>,
    open: Option<File>,
}

impl Files<'_> {
    fn record(&mut self, span: Span, settings: Settings) -> io::Result<()> {
        let mut recording = Recording::new(settings, None);
        for packet in span.packets(self.order.room) {
            let now = packet.arrived;
            if packet.seat.is_host() {
                recording.push(packet);
            }
            recording.tick(now);
            self.take(&mut recording)?;
        }
        recording.finish();
        self.take(&mut recording)
    }

    fn take(&mut self, recording: &mut Recording) -> io::Result<()> {
        while let Some(output) = recording.poll() {
            match output {
                Output::Begin { format, size, .. } => {
                    let number = self.made.len() + 1;
                    let name = format!("clip-{number}.{}", format.extension());
                    self.open = Some(create(&self.order.folder.join(&name))?);
                    self.made.push(Clip { name, duration: Duration::ZERO, bytes: 0, size });
                }
                Output::Write(bytes) => {
                    if let Some(file) = &mut self.open {
                        file.write_all(&bytes)?;
                    }
                }
                Output::End(finished) => {
                    let duration = finished.duration;
                    if let (Some(mut file), Some(made)) = (self.open.take(), self.made.last_mut()) {
                        finish(&mut file, finished)?;
                        (made.duration, made.bytes) = (duration, file.metadata()?.len());
                    }
                }
                // The past sends none.
                Output::Keyframe(_) => {}
            }
        }
        Ok(())
    }
}
