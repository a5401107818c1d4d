//! A panic is a line of the log. The standard library writes its own to standard error, and stands still
//! where that does.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use server::config::LogFormat;
use tracing::Level;

use super::limit::Limits;
use super::queue::{Entry, Queue};
use super::text::Text;

/// How long a thread that panics waits for its line to be written: the process may end right after it.
const FLUSH_WITHIN: Duration = Duration::from_millis(100);

/// From now on, panics go to the log.
pub(super) fn log_to(queue: Queue, format: LogFormat) {
    let (limits, began) = (Limits::default(), Instant::now());
    std::panic::set_hook(Box::new(move |info| {
        let kind = info.location().map_or(1, |it| std::ptr::from_ref(it).addr());
        let Some(left_out) = limits.admit(kind, Level::ERROR, began.elapsed()) else { return };
        let text = text(info, format, left_out);
        queue.push(Entry::Line { at: SystemTime::now(), level: Level::ERROR, text });
        // Only where RUST_BACKTRACE asks for it.
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            queue.push(Entry::Plain(backtrace.to_string()));
        }
        queue.flush(FLUSH_WITHIN);
    }));
}

fn text(info: &PanicHookInfo<'_>, format: LogFormat, left_out: u64) -> String {
    let thread = thread::current();
    let mut text = Text::of(format, "panic");
    let fields = [
        ("thread", thread.name().map(str::to_owned)),
        ("at", info.location().map(ToString::to_string)),
        ("said", message(info).map(str::to_owned)),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            text.field(name, &value);
        }
    }
    text.finish(left_out)
}

/// What `panic!` was given.
fn message<'a>(info: &'a PanicHookInfo<'_>) -> Option<&'a str> {
    let payload = info.payload();
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::log::writer::{Look, Writer};

    /// Tells the child of the test that it is one.
    const CHILD: &str = "IS_CHILD_OF_A_PANIC_TEST";

    /// A hook is of a whole process: each case is a process of its own, this same test once more.
    fn panics_in_a_child(stderr: Stdio) -> std::process::Output {
        let name = "log::panics::tests::a_panic_is_a_line_and_ends_its_thread_alone";
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "yes")
            .env_remove("RUST_BACKTRACE")
            .stderr(stderr)
            .output()
            .unwrap()
    }

    #[test]
    fn a_panic_is_a_line_and_ends_its_thread_alone() {
        if std::env::var_os(CHILD).is_some() {
            let (out, _) = crate::log::standard_error().unwrap();
            log_to(Writer::spawn(out, Look::PLAIN).unwrap(), LogFormat::Human);
            for _ in 0..20 {
                let builder = thread::Builder::new().name("media0".into());
                let step = || panic!("no\nroom");
                assert!(builder.spawn::<_, ()>(step).unwrap().join().is_err());
            }
            return;
        }
        let output = panics_in_a_child(Stdio::piped());
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "a burst, and then one a second: {text}");
        for part in ["ERROR panic thread=media0", "panics.rs:", r#"said="no\nroom""#] {
            assert!(lines[0].contains(part), "{text}");
        }
        #[cfg(target_os = "linux")]
        {
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            assert!(panics_in_a_child(full.into()).status.success());
        }
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert!(panics_in_a_child(writer.into()).status.success());
    }
}
