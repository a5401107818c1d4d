//! The way to the thread that records rooms and keeps their past.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use media_api::RoomId;

use crate::clip::{Clip, ClipError, ClipOrder};
use crate::disk::Disk;
use crate::orders::{Bounds, Event, Keep, Message, Start};
use crate::tap::TapQueue;
use crate::window::Entry;
use crate::worker::{Clips, Worker};

/// The most orders and reports that wait.
const MAX_MESSAGES: usize = 1_024;

/// Records rooms, and keeps their past. Dropping it ends all recordings, and waits until they are on disk.
#[derive(Debug)]
pub struct Recorder {
    messages: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Starts the threads. `tell` is called on one of them, and must not block it for long.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(
        tap: TapQueue,
        bounds: Bounds,
        tell: impl Fn(Event) + Send + 'static,
    ) -> io::Result<Self> {
        let (messages, inbox) = sync_channel(MAX_MESSAGES);
        let done = messages.clone();
        let disk = Disk::start(move |it| _ = done.send(Message::Done(it)))?;
        let clips = Clips::start()?;
        let thread = std::thread::Builder::new().name("record".into());
        let thread =
            thread.spawn(move || Worker::new(tap, tell, disk, clips, bounds).run(&inbox))?;
        Ok(Self { messages: Some(messages), thread: Some(thread) })
    }

    /// A room is live: its past is kept from now on, and pictures are made of it.
    pub fn keep(&self, keep: Keep) {
        self.send(Message::Keep(Box::new(keep)));
    }

    /// A room is not live any more. Its past is kept for two minutes more, unless it is live again.
    pub fn release(&self, room: RoomId) {
        self.send(Message::Release(room));
    }

    /// Begins to package a room that is live as HLS, or ends it.
    pub fn hls(&self, room: RoomId, on: bool) {
        self.send(Message::Hls(room, on));
    }

    /// Finds where the past of a room can be played from: near so much time ago. `reply` is called on another thread; it must
    /// not wait.
    pub fn entry(
        &self,
        room: RoomId,
        ago: Duration,
        reply: impl FnOnce(Option<Entry>) + Send + 'static,
    ) {
        self.send(Message::Entry(room, ago, Box::new(reply)));
    }

    /// Makes a clip of a room whose past is kept. `reply` is called on another thread.
    pub fn clip(
        &self,
        order: ClipOrder,
        reply: impl FnOnce(Result<Clip, ClipError>) + Send + 'static,
    ) {
        self.send(Message::Clip(Box::new(order), Box::new(reply)));
    }

    /// Begins to record a room. A recording of the room that is under way ends.
    pub fn record(&self, start: Start) {
        self.send(Message::Start(Box::new(start)));
    }

    /// Ends the recording of a room.
    pub fn stop(&self, room: RoomId) {
        self.send(Message::Stop(room));
    }

    fn send(&self, message: Message) {
        if let Some(messages) = &self.messages {
            _ = messages.send(message);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.send(Message::Quit);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}
