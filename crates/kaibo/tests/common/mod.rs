//! The program as it is built, and a server of it.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use tokio_tungstenite::tungstenite::WebSocket;

/// What takes longer hangs.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// The program, as nobody has configured it. What listens has a data folder of its own.
pub(crate) fn kaibo(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaibo"));
    command.args(args).current_dir(env!("CARGO_TARGET_TMPDIR"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KAIBO_")) {
        command.env_remove(name);
    }
    if args.contains(&"--listen") {
        let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        command.env("KAIBO_DATA", data.keep());
    }
    command
}

/// Does what might hang, and fails when it does.
pub(crate) fn soon<T: Send + 'static>(what: &str, step: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || _ = done.send(step()));
    result.recv_timeout(HANGS_AFTER).unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// A server on a port of the system's choice.
pub(crate) struct Server {
    child: Child,
    /// Its address, `127.0.0.1:PORT`.
    pub(crate) at: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Starts one that is configured otherwise.
    pub(crate) fn start_with(change: impl FnOnce(&mut Command)) -> Self {
        let mut command = kaibo(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("KAIBO_LOG", "warn");
        change(&mut command);
        Self::start_from(&mut command)
    }

    /// Starts one by a command of the caller's making, which listens on `127.0.0.1:0`.
    pub(crate) fn start_from(command: &mut Command) -> Self {
        let mut child = Killed(Some(command.stdout(Stdio::piped()).spawn().unwrap()));
        let greeting = child.0.as_mut().unwrap().stdout.take().unwrap();
        let port = port_in(greeting, "http://localhost:");
        Self { child: child.0.take().unwrap(), at: format!("127.0.0.1:{port}") }
    }

    /// Starts one whose port its log tells, so that its greeting may go anywhere.
    pub(crate) fn start_greeting_to(greeting: Stdio) -> Self {
        let mut command = kaibo(&["serve", "--listen", "127.0.0.1:0", "--log", "info"]);
        let spawned = command.stdout(greeting).stderr(Stdio::piped()).spawn().unwrap();
        let mut child = Killed(Some(spawned));
        let log = child.0.as_mut().unwrap().stderr.take().unwrap();
        let port = port_in(log, "addr=127.0.0.1:");
        Self { child: child.0.take().unwrap(), at: format!("127.0.0.1:{port}") }
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Standard error, where it was made a pipe.
    pub(crate) fn stderr(&mut self) -> impl BufRead + Send + use<> {
        BufReader::new(self.child.stderr.take().unwrap())
    }

    /// The answer to a GET.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.at)
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// A page's first word on the WebSocket, and the first word to it.
    pub(crate) fn hello(&self) -> String {
        let mut page = self.page();
        page.send(r#"{"type":"hello","v":1,"room":"log"}"#.into()).unwrap();
        page.read().expect("an answer to hello").into_text().unwrap().as_str().to_owned()
    }

    /// A page's WebSocket, which reads only when it is told to.
    pub(crate) fn page(&self) -> WebSocket<TcpStream> {
        let url = format!("ws://{}/ws", self.at);
        tokio_tungstenite::tungstenite::client(url, self.connect()).expect("a WebSocket").0
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.at).unwrap();
        stream.set_read_timeout(Some(HANGS_AFTER)).unwrap();
        stream
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal)
            .unwrap();
    }

    /// Waits until it has ended.
    pub(crate) fn ended(mut self) -> ExitStatus {
        let pid = self.pid();
        killed_when_it_hangs(pid, || self.child.wait().unwrap())
    }
}

/// Runs a program that ends by itself, and is ended when it does not.
pub(crate) fn output(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    killed_when_it_hangs(child.id().to_string(), || child.wait_with_output().unwrap())
}

fn killed_when_it_hangs<T>(pid: String, wait: impl FnOnce() -> T) -> T {
    let (done, ended) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if ended.recv_timeout(HANGS_AFTER) == Err(RecvTimeoutError::Timeout) {
                _ = Command::new("kill").args(["-9", &pid]).status();
            }
        });
        let result = wait();
        drop(done);
        result
    })
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A program that is ended when it did not come as far as a [`Server`].
struct Killed(Option<Child>);

impl Drop for Killed {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

/// The number after a text in what a program prints. The rest of it is read and forgotten.
fn port_in(output: impl Read + Send + 'static, after: &'static str) -> String {
    let (found, result) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(rest) = line.split(after).nth(1) {
                _ = found.send(rest.chars().take_while(char::is_ascii_digit).collect());
            }
        }
    });
    result.recv_timeout(HANGS_AFTER).expect("the program says its port")
}
