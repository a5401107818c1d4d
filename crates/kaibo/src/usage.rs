//! A mistake on the command line in one sentence, and help.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{args, output};

/// Help as it is; of a mistake, the sentence that says what it was.
pub(crate) fn usage(error: &clap::Error, given: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let printed = output::written(error.print());
        return output::exit_status(printed.map(|()| ExitCode::SUCCESS));
    }
    _ = writeln!(io::stderr(), "kaibo: {}", sentence(error, given));
    ExitCode::from(output::MISTAKE)
}

fn sentence(error: &clap::Error, given: &[OsString]) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).take_while(|it| !it.is_empty());
    let mut sentence = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    if sentence.ends_with(':') {
        // A list follows.
        lines.for_each(|it| sentence.extend([" ", it]));
    }
    let named = given.get(1).and_then(|it| it.to_str());
    let help = match named.filter(|it| args::command().find_subcommand(it).is_some()) {
        Some(command) => format!("see kaibo {command} --help"),
        None => "see kaibo --help".to_owned(),
    };
    match suggestion(error) {
        Some(meant) => format!("{sentence}; did you mean {meant:?}? ({help})"),
        None => format!("{sentence}; {help}"),
    }
}

/// What was probably meant.
fn suggestion(error: &clap::Error) -> Option<&str> {
    let kinds =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    kinds.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(it) => Some(it.as_str()),
        // The nearest is the last.
        ContextValue::Strings(all) => all.last().map(String::as_str),
        _ => None,
    })
}
