//! Whatever becomes of the log and of the greeting, the server goes on.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::fs::{File, OpenOptions};
use std::io::{BufRead, PipeReader, PipeWriter, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::{Server, soon};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::Signal;

/// A server that logs all there is to say, to somewhere.
fn logging_to(stderr: impl Into<Stdio>) -> Server {
    Server::start_with(|it| {
        it.env("KAIBO_LOG", "trace").stderr(stderr);
    })
}

/// Requests with a log line each are answered.
fn answers(server: &Server) {
    for _ in 0..40 {
        let health = server.get("/api/health");
        assert!(health.contains(r#""status":"ok""#), "{health}");
        let welcome = server.hello();
        assert!(welcome.contains(r#""type":"welcome""#), "{welcome}");
    }
}

/// It answers, and stops when it is told to.
fn goes_on(server: Server) {
    answers(&server);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0), "a stop in good order");
}

/// A pipe that takes no byte more until somebody reads.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    for size in [4096, 1] {
        while writer.write(&vec![b'.'; size]).is_ok() {}
    }
    fcntl_setfl(&writer, OFlags::empty()).unwrap();
    (reader, writer)
}

fn dev_full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_on_a_full_disk_stops_nothing() {
    goes_on(logging_to(dev_full()));
}

#[test]
fn a_log_whose_reader_is_gone_stops_nothing() {
    let mut server = logging_to(Stdio::piped());
    drop(server.stderr());
    goes_on(server);
}

#[test]
fn a_log_that_never_had_a_reader_stops_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    goes_on(logging_to(writer));
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let (reader, writer) = full_pipe();
    goes_on(logging_to(writer));
    drop(reader);
}

#[test]
fn a_reader_that_stood_still_is_told_what_it_missed() {
    let (mut reader, writer) = full_pipe();
    let server = logging_to(writer);
    // More lines than wait for a reader.
    let lost = soon("no word of lost lines", move || {
        for _ in 0..6 {
            answers(&server);
        }
        std::thread::scope(|scope| {
            let read = scope.spawn(|| {
                let mut log = std::io::BufReader::new(&mut reader).lines();
                log.find(|it| it.as_ref().unwrap().contains("log lines lost")).unwrap().unwrap()
            });
            while !read.is_finished() {
                assert!(server.hello().contains("welcome"));
            }
            read.join().unwrap()
        })
    });
    assert!(lost.contains(" dropped="), "{lost}");
}

/// A disk of a few kilobytes, which is full. Who is not root cannot have one.
struct FullDisk(PathBuf);

impl FullDisk {
    fn mount() -> Option<Self> {
        let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("full-disk");
        std::fs::create_dir_all(&dir).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&dir).stderr(Stdio::null());
        if !mount.status().is_ok_and(|it| it.success()) {
            return None;
        }
        let disk = Self(dir);
        let mut filler = File::create(disk.0.join("filler")).unwrap();
        while filler.write(&[0; 4096]).is_ok() {}
        Some(disk)
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_goes_on_when_its_disk_has_room_again() {
    // Without the right to mount, `/dev/full` stands for the disk, and the unit tests of the writer
    // for the room that comes back.
    let Some(disk) = FullDisk::mount() else {
        return goes_on(logging_to(dev_full()));
    };
    let path = disk.0.join("log");
    let file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    let server = logging_to(file);
    answers(&server);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "", "the disk was full");
    disk.make_room();
    let (server, log) = soon("no word of lost lines", move || {
        loop {
            assert!(server.hello().contains("welcome"));
            let log = std::fs::read_to_string(&path).unwrap();
            if log.contains("log lines lost") {
                return (server, log);
            }
        }
    });
    assert!(log.contains("No space left on device"), "{log}");
    goes_on(server);
}

#[test]
fn a_greeting_that_nobody_reads_stops_nothing() {
    let (full, full_writer) = full_pipe();
    goes_on(Server::start_greeting_to(full_writer.into()));
    drop(full);
    let (closed, closed_writer) = std::io::pipe().unwrap();
    drop(closed);
    goes_on(Server::start_greeting_to(closed_writer.into()));
    if cfg!(target_os = "linux") {
        goes_on(Server::start_greeting_to(dev_full().into()));
    }
}

#[test]
fn a_crowd_is_a_line_a_second_and_a_count() {
    let mut server = Server::start_with(|it| {
        it.env("KAIBO_LOG", "info,control=debug").stderr(Stdio::piped());
    });
    let mut log = server.stderr().lines().map_while(Result::ok);
    let (joined, shown, left_out) = soon("no line with a count", move || {
        std::thread::scope(|scope| {
            let read = scope.spawn(|| {
                let mut shown = 0;
                let mut joins = log.by_ref().filter(|it| it.contains(" page joined "));
                loop {
                    let line = joins.next().unwrap();
                    shown += 1;
                    if let Some((_, n)) = line.rsplit_once(" left_out=") {
                        return (shown, n.parse::<usize>().unwrap());
                    }
                }
            });
            let mut joined = 0;
            while !read.is_finished() {
                assert!(server.hello().contains("welcome"));
                joined += 1;
            }
            let (shown, left_out) = read.join().unwrap();
            (joined, shown, left_out)
        })
    });
    assert!(left_out > 0 && shown + left_out <= joined, "{shown} + {left_out} of {joined}");
}

#[test]
fn a_log_line_has_a_time_a_level_and_no_module_path() {
    let mut server = Server::start_with(|it| {
        it.env("KAIBO_LOG", "info").stderr(Stdio::piped());
    });
    let mut log = String::new();
    let mut stderr = server.stderr();
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    stderr.read_to_string(&mut log).unwrap();
    let started = log.lines().find(|it| it.contains("server started")).expect(&log);
    let (time, rest) = started.split_once(' ').unwrap();
    assert_eq!((&time[10..11], &time[19..20], &rest[..5]), ("T", ".", "INFO "), "{started}");
    let media = log.lines().find(|it| it.contains("listening for media over UDP")).expect(&log);
    assert!(
        [" udp_port=", " threads=", " addresses="].iter().all(|it| media.contains(it)),
        "{log}"
    );
    let unaddressed = log.replace(media, "");
    assert!(!unaddressed.contains("::") && !log.contains('\x1b'), "{log}");
    assert!(log.lines().last().unwrap().contains("server stopped"), "the last word: {log}");
}

#[test]
fn a_log_of_json_without_addresses_is_an_object_a_line_that_names_nobody() {
    let mut server = Server::start_with(|it| {
        it.env("KAIBO_LOG", "debug,h2=off").env("KAIBO_LOG_FORMAT", "json");
        it.env("KAIBO_LOG_ADDRESSES", "off").stderr(Stdio::piped());
    });
    let mut stderr = server.stderr();
    answers(&server);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    let mut log = String::new();
    stderr.read_to_string(&mut log).unwrap();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|it| serde_json::from_str(it).unwrap_or_else(|e| panic!("{e}: {it}")))
        .collect();
    assert!(lines.iter().any(|it| it["message"] == "server started"), "{log}");
    let joined = lines.iter().find(|it| it["message"] == "client joined").expect("somebody joined");
    assert_eq!((&joined["level"], &joined["room"]), (&"debug".into(), &"default".into()));
    assert!(lines.iter().all(|it| it.get("ip").is_none()), "{log}");
}
