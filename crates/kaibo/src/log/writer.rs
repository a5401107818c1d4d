//! The thread that writes lines. What happens to its output is counted, and told once it can be.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use server::config::LogFormat;
use tracing::Level;

use super::queue::{self, Entry, LINES, Queue, State};
use super::text::Text;

/// How long a writer waits before it tries again what must not block.
const PAUSE: Duration = Duration::from_millis(5);

/// How a line looks around its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) format: LogFormat,
    /// Colours, which JSON never has.
    pub(super) colours: bool,
}

impl Look {
    #[cfg(test)]
    pub(super) const PLAIN: Self = Self { format: LogFormat::Human, colours: false };
}

/// The end that lines are written from.
#[derive(Debug)]
pub(super) struct Writer<W> {
    out: W,
    look: Look,
    zone: TimeZone,
    entries: Receiver<Entry>,
    state: Arc<State>,
    /// Lines that could not be written, and why the last could not.
    failed: u64,
    error: Option<io::Error>,
    /// Lines written since the last word of what was lost.
    since_told: usize,
    /// A line was written in part.
    is_torn: bool,
}

impl<W: Write + Send + 'static> Writer<W> {
    /// Starts the thread.
    pub(super) fn spawn(out: W, look: Look) -> io::Result<Queue> {
        let (queue, writer) = Self::new(out, look);
        thread::Builder::new().name("log".into()).spawn(move || writer.run())?;
        Ok(queue)
    }

    fn new(out: W, look: Look) -> (Queue, Self) {
        let (queue, entries, state) = queue::queue();
        let writer = Self {
            out,
            look,
            zone: TimeZone::system(),
            entries,
            state,
            failed: 0,
            error: None,
            since_told: 0,
            is_torn: false,
        };
        (queue, writer)
    }

    /// Writes until no queue is left.
    fn run(mut self) {
        loop {
            let entry = match self.entries.try_recv() {
                Ok(entry) => entry,
                Err(TryRecvError::Disconnected) => return self.tell_lost(),
                Err(TryRecvError::Empty) => {
                    self.tell_lost();
                    match self.entries.recv() {
                        Ok(entry) => entry,
                        Err(_) => return,
                    }
                }
            };
            self.handle(entry);
            // Under a flood the queue is never empty.
            if self.since_told >= LINES {
                self.tell_lost();
            }
        }
    }

    fn handle(&mut self, entry: Entry) {
        let line = match entry {
            Entry::Line { at, level, text } => self.line(at, level, &text),
            Entry::Plain(text) if self.look.format == LogFormat::Human => format!("{text}\n"),
            Entry::Plain(text) => {
                let text = Text::of(LogFormat::Json, &text).finish(0);
                self.line(SystemTime::now(), Level::ERROR, &text)
            }
            Entry::Flush(done) => {
                self.tell_lost();
                _ = done.try_send(());
                return;
            }
        };
        self.since_told += 1;
        if let Err(error) = self.put(line.as_bytes()) {
            self.failed += 1;
            self.state.lost.fetch_add(1, Ordering::Relaxed);
            self.error = Some(error);
        }
        self.state.stands_still.store(false, Ordering::Relaxed);
    }

    /// Tells how many lines were lost, once that can be written.
    fn tell_lost(&mut self) {
        self.since_told = 0;
        let dropped = self.state.dropped.load(Ordering::Relaxed);
        if dropped == 0 && self.failed == 0 {
            return;
        }
        let mut text = Text::of(self.look.format, "log lines lost");
        text.plain("dropped", &dropped.to_string());
        text.plain("failed", &self.failed.to_string());
        if let Some(error) = &self.error {
            text.field("error", &error.to_string());
        }
        let line = self.line(SystemTime::now(), Level::WARN, &text.finish(0));
        if self.put(line.as_bytes()).is_ok() {
            self.state.dropped.fetch_sub(dropped, Ordering::Relaxed);
            self.failed = 0;
            self.error = None;
        }
    }

    /// Local time, as RFC 3339 writes it, in milliseconds.
    fn line(&self, at: SystemTime, level: Level, text: &str) -> String {
        let at = jiff::Timestamp::try_from(at).unwrap_or_default();
        let time = at
            .to_zoned_datetime(self.zone.clone())
            .strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
            .to_string();
        if self.look.format == LogFormat::Json {
            let level = level.as_str().to_ascii_lowercase();
            return format!("{{\"time\":\"{time}\",\"level\":\"{level}\",{text}}}\n");
        }
        if !self.look.colours {
            return format!("{time} {level:<5} {text}\n");
        }
        let colour = match level {
            Level::ERROR => 31,
            Level::WARN => 33,
            Level::INFO => 32,
            Level::DEBUG => 34,
            Level::TRACE => 35,
        };
        format!("\x1b[2m{time}\x1b[0m \x1b[{colour}m{level:<5}\x1b[0m {text}\n")
    }

    /// Writes a whole line, after the end of one that was cut off.
    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.put_all(b"\n")?;
        }
        self.put_all(line)
    }

    fn put_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.out.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => {
                    rest = rest.get(n..).unwrap_or_default();
                    self.is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Somebody who shares it has made it so.
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A disk with so much room.
    #[derive(Debug, Clone)]
    struct Disk(Arc<Mutex<(usize, Vec<u8>)>>);

    impl Disk {
        fn new(room: usize) -> Self {
            Self(Arc::new(Mutex::new((room, Vec::new()))))
        }

        fn make_room(&self) {
            self.0.lock().unwrap().0 = usize::MAX;
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().1.clone()).unwrap()
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (room, text) = &mut *self.0.lock().unwrap();
            let n = bytes.len().min(*room);
            if n == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            *room -= n;
            text.extend(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn plain(text: &str) -> Entry {
        Entry::Plain(text.into())
    }

    #[test]
    fn lines_that_find_the_queue_full_are_counted_and_told_once() {
        let disk = Disk::new(usize::MAX);
        let (queue, writer) = Writer::new(disk.clone(), Look::PLAIN);
        for n in 0..LINES + 7 {
            queue.push(plain(&format!("line {n}")));
        }
        drop(queue);
        writer.run();
        let text = disk.text();
        assert_eq!(text.lines().count(), LINES + 1, "{text}");
        assert!(text.ends_with(" WARN  log lines lost dropped=7 failed=0\n"), "{text}");
    }

    #[test]
    fn a_flood_that_never_ends_is_told_of_meanwhile() {
        let disk = Disk::new(usize::MAX);
        let (queue, mut writer) = Writer::new(disk.clone(), Look::PLAIN);
        writer.state.dropped.store(3, Ordering::Relaxed);
        writer.since_told = LINES - 1;
        queue.push(plain("one"));
        queue.push(plain("two"));
        drop(queue);
        writer.run();
        let order: Vec<bool> = disk.text().lines().map(|it| it.contains("dropped=3")).collect();
        assert_eq!(order, [false, true, false]);
    }

    #[test]
    fn lines_that_cannot_be_written_are_told_when_there_is_room() {
        let disk = Disk::new(4);
        let (queue, mut writer) = Writer::new(disk.clone(), Look::PLAIN);
        writer.handle(plain("first"));
        writer.handle(plain("second"));
        writer.tell_lost();
        assert_eq!(disk.text(), "firs", "nothing more fits");
        disk.make_room();
        queue.push(plain("third"));
        drop(queue);
        writer.run();
        let text = disk.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..1], ["firs"], "what was cut off has a line to itself: {text}");
        assert_eq!(lines[1], "third", "{text}");
        assert!(lines[2].contains("log lines lost dropped=0 failed=2 error="), "{text}");
        assert_eq!(lines.len(), 3, "{text}");
    }

    #[test]
    fn a_flush_waits_for_what_is_written_and_not_for_a_writer_that_stands_still() {
        let disk = Disk::new(usize::MAX);
        let (queue, writer) = Writer::new(disk.clone(), Look::PLAIN);
        let state = writer.state.clone();
        queue.push(plain("a"));
        queue.flush(Duration::from_millis(1));
        assert!(state.stands_still.load(Ordering::Relaxed), "nobody writes");
        // It would wait for ever now.
        queue.flush(Duration::MAX / 4);
        let thread = thread::spawn(move || writer.run());
        while state.stands_still.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        queue.push(plain("b"));
        queue.flush(Duration::from_secs(60));
        assert_eq!(disk.text(), "a\nb\n");
        drop(queue);
        thread.join().unwrap();
    }

    #[test]
    fn a_line_is_local_time_level_and_text_in_colours_on_a_terminal_alone() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_987);
        let line = |look, text| {
            let (_, mut writer) = Writer::new(Disk::new(0), look);
            writer.zone = TimeZone::fixed(jiff::tz::offset(8));
            writer.line(at, Level::INFO, text)
        };
        let time = "2026-09-21T22:13:20.987+08:00";
        assert_eq!(line(Look::PLAIN, "room=a"), format!("{time} INFO  room=a\n"));
        assert_eq!(
            line(Look { colours: true, ..Look::PLAIN }, "room=a"),
            format!("\x1b[2m{time}\x1b[0m \x1b[32mINFO \x1b[0m room=a\n")
        );
        let json = Look { format: LogFormat::Json, colours: true };
        assert_eq!(
            line(json, "\"message\":\"hello\""),
            format!("{{\"time\":\"{time}\",\"level\":\"info\",\"message\":\"hello\"}}\n")
        );
    }

    #[test]
    fn in_json_a_sentence_and_what_was_lost_are_objects_too() {
        let disk = Disk::new(usize::MAX);
        let json = Look { format: LogFormat::Json, colours: false };
        let (queue, writer) = Writer::new(disk.clone(), json);
        queue.push(plain("kaibo: the port is \"in use\""));
        writer.state.dropped.store(3, Ordering::Relaxed);
        drop(queue);
        writer.run();
        let text = disk.text();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(lines[0]["message"], "kaibo: the port is \"in use\"");
        assert_eq!((&lines[0]["level"], &lines[1]["level"]), (&"error".into(), &"warn".into()));
        assert_eq!((&lines[1]["dropped"], &lines[1]["failed"]), (&3.into(), &0.into()));
    }
}
