//! The process: how it is stopped, its exit statuses, what it needs of the system, what it warns of.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::io::{BufRead, Read};
use std::process::{Command, Stdio};

use common::{Server, kaibo, output, soon};
use rustix::process::Signal;

const LISTENING: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

/// A server under a limit of open files, as a shell's `ulimit` takes it.
fn limited(ulimit: &str, args: &[&str]) -> Command {
    let program = kaibo(args);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit {ulimit}; exec \"$@\""), "sh"]).arg(program.get_program());
    shell.args(program.get_args()).current_dir(program.get_current_dir().unwrap());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// What a server warns of from start to stop.
fn log_of(mut command: Command) -> String {
    let mut server = Server::start_from(command.env("KAIBO_LOG", "warn").stderr(Stdio::piped()));
    let mut stderr = server.stderr();
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    let mut log = String::new();
    stderr.read_to_string(&mut log).unwrap();
    log
}

#[test]
fn a_stop_that_was_asked_for_is_a_success() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start();
        server.signal(signal);
        assert_eq!(server.ended().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut server = Server::start_with(|it| {
            it.env("KAIBO_LOG", "info").stderr(Stdio::piped());
        });
        let mut log = server.stderr().lines().map_while(Result::ok);
        // A page that does not take the goodbye is waited for.
        let page = server.page();
        server.signal(Signal::TERM);
        soon("no word of the stop", move || {
            assert!(log.any(|it| it.contains("server stops")));
        });
        server.signal(signal);
        assert_eq!(server.ended().code(), Some(status));
        drop(page);
    }
}

#[test]
fn it_takes_as_many_files_as_it_may() {
    let server = Server::start_from(limited("-Sn 300", LISTENING).env("KAIBO_LOG", "warn"));
    if cfg!(target_os = "linux") {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
        let line = limits.lines().find_map(|it| it.strip_prefix("Max open files")).unwrap();
        let [soft, hard] = [0, 1].map(|n| line.split_whitespace().nth(n).unwrap());
        assert_eq!(soft, hard, "{limits}");
    }
}

#[test]
fn too_few_files_are_refused_and_few_are_warned_of_once() {
    let refused = output(&mut limited("-n 200", LISTENING));
    let text = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(text.starts_with("kaibo: only 200 files may be open at once"), "{text}");
    assert!(text.contains("ulimit -n") && text.lines().count() == 1, "{text}");

    let log = log_of(limited("-n 1000", LISTENING));
    assert_eq!(log.lines().count(), 1, "{log}");
    for told in ["open_files=1000", "connections=808", "wanted=10000", "ulimit -n"] {
        assert!(log.contains(told), "{told}: {log}");
    }
    let log = log_of(limited("-n 1000", &[LISTENING, &["--max-connections", "500"]].concat()));
    assert_eq!(log, "", "they are enough");
}

#[test]
fn settings_that_are_probably_not_meant_are_warned_of_once() {
    let mut command = kaibo(LISTENING);
    command.env("KAIBO_LISTN", "x").env("KAIBO_PORT", "x");
    let log = log_of(command);
    assert_eq!(log.matches("KAIBO_LISTN is not known; did you mean KAIBO_LISTEN?").count(), 1);
    assert_eq!(log.lines().count(), 1, "{log}");

    let mut command = kaibo(LISTENING);
    command.env("KAIBO_PUBLISH_KEY", "0123456789abcdef");
    assert_eq!(log_of(command), "");
}

#[test]
fn a_hangup_reads_the_configuration_again_and_the_log_says_what_came_of_it() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("kaibo.toml");
    std::fs::write(&file, "log = \"warn\"\nmax_viewers = 1\n").unwrap();
    let mut server = Server::start_with(|it| {
        it.env_remove("KAIBO_LOG").env("KAIBO_CONFIG", &file).stderr(Stdio::piped());
    });
    let mut log: Box<dyn Iterator<Item = String> + Send> =
        Box::new(server.stderr().lines().map_while(Result::ok));
    let page = server.page();
    // Each line is one of a reload: what else is told is below `warn`, or comes before the signal.
    let mut again = |text: &str| {
        std::fs::write(&file, text).unwrap();
        server.signal(Signal::HUP);
        let mut lines = std::mem::replace(&mut log, Box::new(std::iter::empty()));
        let (line, rest) = soon("no word of the reload", move || {
            let line = lines.find(|it| it.contains("configuration")).unwrap();
            (line, lines)
        });
        log = rest;
        line
    };
    let line = again("log = \"info\"\nmax_viewers = 2\nmedia_workers = 3\n");
    for told in
        ["INFO", "changed=max_viewers,log", "need_restart=media_workers", "certificates=none"]
    {
        assert!(line.contains(told), "{told}: {line}");
    }
    let line = again("log = \"info\"\nmax_viewers = many\n");
    for told in ["ERROR", "the one before stays", "in line 2"] {
        assert!(line.contains(told), "{told}: {line}");
    }
    let line = again("log = \"loud\"\n");
    assert!(line.contains("ERROR") && line.contains("\\\"loud\\\" is not a level"), "{line}");
    drop(page);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
}
