//! The addresses of names, and what programs of the system print: both may hang, so both have an end.

use std::io::Read;
use std::net::{IpAddr, ToSocketAddrs};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest wait for names, and for one program.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// The most names that are asked for.
const MAX_NAMES: usize = 16;

/// The most of a program's output that is read, in bytes.
const MAX_OUTPUT: u64 = 4 * 1024 * 1024;

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The name.
    pub name: String,
    /// Its addresses, or why there are none.
    pub addresses: Result<Vec<IpAddr>, String>,
}

/// Asks for all names at once.
pub(super) fn resolve(names: &[String]) -> Vec<Resolved> {
    let asked: Vec<_> = names.iter().take(MAX_NAMES).map(|name| (name, ask(name))).collect();
    let answer = |(name, answer): (&String, mpsc::Receiver<_>)| Resolved {
        name: name.clone(),
        addresses: answer.recv_timeout(PATIENCE).unwrap_or_else(|_| Err("no answer".into())),
    };
    asked.into_iter().map(answer).collect()
}

fn ask(name: &str) -> mpsc::Receiver<Result<Vec<IpAddr>, String>> {
    let (tell, answer) = mpsc::channel();
    let name = name.to_owned();
    // The system's resolver has no deadline; a thread of its own ends when it does.
    _ = thread::Builder::new().name("doctor-name".into()).spawn(move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        let found = found.map(|all| {
            let mut ips: Vec<IpAddr> = all.map(|it| it.ip().to_canonical()).collect();
            ips.sort();
            ips.dedup();
            ips
        });
        // Nobody may wait any more.
        _ = tell.send(found.map_err(|error| error.to_string()));
    });
    answer
}

/// What a program prints, if it ends well and in time.
pub(super) fn output(mut command: Command) -> Option<String> {
    let command = command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let stdout = child.stdout.take()?;
    let (tell, read) = mpsc::channel();
    let reader = thread::Builder::new().name("doctor-output".into());
    _ = reader.spawn(move || {
        let mut text = String::new();
        let is_read = stdout.take(MAX_OUTPUT).read_to_string(&mut text).is_ok();
        // Nobody may wait any more.
        _ = tell.send(is_read.then_some(text));
    });
    let text = read.recv_timeout(PATIENCE).ok().flatten();
    if text.is_none() {
        // It may have ended by itself.
        _ = child.kill();
    }
    let is_well = child.wait().is_ok_and(|status| status.success());
    text.filter(|_| is_well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_this_machine_is_found_and_an_invalid_one_is_not() {
        let found = resolve(&["localhost".into(), "no such name.invalid".into()]);
        assert!(found[0].addresses.as_ref().unwrap().iter().all(IpAddr::is_loopback));
        assert!(found[1].addresses.is_err(), "{found:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_fails_or_is_missing_says_nothing() {
        assert_eq!(output(Command::new("/no/such/program")), None);
        assert_eq!(output(Command::new("false")), None);
        let mut echo = Command::new("echo");
        echo.arg("yes");
        assert_eq!(output(echo).as_deref(), Some("yes\n"));
    }
}
