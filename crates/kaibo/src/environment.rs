//! `KAIBO_*` variables: an empty one is as good as none, and a mistyped one is told.

use std::env;

use clap::Command;

use crate::did_you_mean::nearest;

const PREFIX: &str = "KAIBO";

/// A command line that takes no value from an empty variable: that is how compose files and units write
/// "not set".
pub(crate) fn without_empty(command: Command) -> Command {
    command
        .mut_args(|arg| {
            let value = arg.get_env().and_then(env::var_os);
            if value.is_some_and(|it| it.is_empty()) { arg.env(None::<&str>) } else { arg }
        })
        .mut_subcommands(without_empty)
}

/// A sentence for each variable that is set, means nothing, and looks like one that does. Others are left
/// alone: an orchestrator makes some of its own from a service's name.
pub(crate) fn mistyped(command: &Command) -> Vec<String> {
    let set: Vec<String> = env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let mut known = Vec::new();
    names(command, &mut known);
    of(&set, &known)
}

fn of(set: &[String], known: &[String]) -> Vec<String> {
    let own = |name: &str| {
        let prefix = name.get(..PREFIX.len())?;
        let rest = name.get(PREFIX.len()..)?.trim_start_matches('_');
        prefix.eq_ignore_ascii_case(PREFIX).then(|| rest.to_owned())
    };
    let rests: Vec<String> = known.iter().filter_map(|it| own(it)).collect();
    let mistyped = set.iter().filter(|it| !known.contains(it)).filter_map(|name| {
        let meant = nearest(&own(name)?, rests.iter().map(String::as_str))?;
        Some(format!("the environment variable {name} is not known; did you mean KAIBO_{meant}?"))
    });
    mistyped.collect()
}

/// The names of all variables that a command and its subcommands read.
fn names(command: &Command, into: &mut Vec<String>) {
    let own = command.get_arguments().filter_map(|it| it.get_env()?.to_str());
    into.extend(own.map(str::to_owned));
    command.get_subcommands().for_each(|it| names(it, into));
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn a_mistyped_variable_is_told_and_a_foreign_one_is_not() {
        let mut known = Vec::new();
        names(&crate::args::command(), &mut known);
        assert!(known.iter().any(|it| it == "KAIBO_BENCH_TOKEN"), "{known:?}");
        for (set, meant) in [
            ("KAIBO_PUBLISHKEY", Some("KAIBO_PUBLISH_KEY")),
            ("KAIBO_LISTN", Some("KAIBO_LISTEN")),
            ("kaibo_listen", Some("KAIBO_LISTEN")),
            ("KAIBO_PUBLIC_IPS", Some("KAIBO_PUBLIC_IP")),
            ("KAIBOLOG", Some("KAIBO_LOG")),
            ("KAIBO_LISTEN", None),
            // Kubernetes, of a service of this name.
            ("KAIBO_PORT", None),
            ("KAIBO_SERVICE_HOST", None),
            ("KAIBO_PORT_3000_TCP_ADDR", None),
            ("KAIBO_IMAGE_TAG", None),
            ("LISTN", None),
        ] {
            let told = of(&[set.into()], &known);
            assert_eq!(told.len(), usize::from(meant.is_some()), "{set}: {told:?}");
            let ends = format!("did you mean {}?", meant.unwrap_or_default());
            assert!(told.iter().all(|it| it.contains(set) && it.ends_with(&ends)), "{told:?}");
        }
    }
}
