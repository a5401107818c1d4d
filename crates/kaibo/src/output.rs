//! What goes to standard output, and errors as sentences.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Context;
use server::ServeError;
use server::config::ConfigError;

use crate::log::BadFilter;

/// The exit status of a mistake on the command line, in the environment, in the configuration or a file it names.
pub(crate) const MISTAKE: u8 = 2;

/// Prints what was asked for. A reader that has seen enough, as `head`, is no error.
pub(crate) fn print(text: impl Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    written(write!(out, "{text}").and_then(|()| out.flush()))
}

/// What became of something that was printed.
pub(crate) fn written(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}

/// The exit status of the program, with a sentence where something went wrong.
pub(crate) fn exit_status(result: anyhow::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        _ = writeln!(io::stderr(), "kaibo: {}", sentence(&error));
        failure(&error)
    })
}

/// The exit status of an error.
pub(crate) fn failure(error: &anyhow::Error) -> ExitCode {
    let is_mistake = error.chain().any(|cause| {
        cause.is::<ConfigError>()
            || cause.is::<BadFilter>()
            || matches!(cause.downcast_ref(), Some(ServeError::Https(_)))
    });
    if is_mistake { ExitCode::from(MISTAKE) } else { ExitCode::FAILURE }
}

/// An error and its causes, but those that the words before have told.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if sentence.is_empty() {
            sentence = cause;
        } else if !sentence.contains(&cause) {
            sentence.extend([": ", &cause]);
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let cause = || io::Error::from_raw_os_error(2);
        let told = anyhow::Error::new(cause()).context(format!("cannot read x: {}", cause()));
        assert_eq!(sentence(&told), "cannot read x: No such file or directory (os error 2)");
        let untold = anyhow::Error::new(cause()).context("cannot read x");
        assert_eq!(sentence(&untold), sentence(&told));
    }
}
