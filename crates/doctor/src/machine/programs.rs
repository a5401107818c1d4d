//! What programs of the system print. They may hang, so there is an end of waiting.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest wait for one program, and for names.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// The most of a program's output that is read, in bytes.
const MAX_OUTPUT: u64 = 4 * 1024 * 1024;

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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_or_is_missing_says_nothing() {
        assert_eq!(output(Command::new("/no/such/program")), None);
        assert_eq!(output(Command::new("false")), None);
        let mut echo = Command::new("echo");
        echo.arg("yes");
        assert_eq!(output(echo).as_deref(), Some("yes\n"));
    }
}
