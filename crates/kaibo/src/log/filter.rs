//! The filter of `--log`, read strictly: one that could never match would log nothing, and say nothing.

use tracing_subscriber::EnvFilter;

use crate::did_you_mean::nearest;

// OURS and LIBRARIES: the crates that the program is made of, as Cargo.lock has them.
include!(concat!(env!("OUT_DIR"), "/crates.rs"));

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// Libraries whose warnings are of what any client may send: `rtc_dtls` of each extension of a ClientHello that it does
/// not know, `stun_types` of each message that is malformed.
const CHATTY: [&str; 2] = ["rtc_dtls", "stun_types"];

/// What is logged.
#[derive(Debug)]
pub(crate) struct Filter(EnvFilter);

/// Why a text is no filter; a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadFilter(String);

impl std::error::Error for BadFilter {}

impl std::fmt::Display for BadFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Filter {
    /// Reads a filter such as `info` or `info,server=debug`.
    pub(crate) fn parse(text: &str) -> Result<Self, BadFilter> {
        let refused = |why: String| {
            BadFilter(format!(
                "the log filter {text:?} cannot be read: {why}; write error, warn, info, debug, trace or \
                 off, for all or by part (\"info,server=debug\")"
            ))
        };
        let directives: Vec<&str> = text.split(',').map(str::trim).collect();
        directives.iter().try_for_each(|it| check(it)).map_err(refused)?;
        let parsed = EnvFilter::try_new(directives.join(","));
        let mut filter = parsed.map_err(|why| refused(why.to_string()))?;
        for library in CHATTY {
            if !text.contains(library)
                && let Ok(quiet) = format!("{library}=error").parse()
            {
                filter = filter.add_directive(quiet);
            }
        }
        Ok(Self(filter))
    }

    pub(super) fn into_inner(self) -> EnvFilter {
        self.0
    }
}

/// Whether a crate is of this repository.
pub(super) fn is_ours(name: &str) -> bool {
    OURS.contains(&name)
}

/// `LEVEL`, `PART` or `PART=LEVEL`, where a part is a crate, perhaps with a path in it and a span.
fn check(directive: &str) -> Result<(), String> {
    let (target, level) = match directive.rsplit_once('=') {
        Some((target, level)) if !level.contains([']', '}']) => (target, Some(level)),
        _ => (directive, None),
    };
    if let Some(level) = level
        && !is_level(level)
    {
        return Err(unknown(level, "a level", &LEVELS));
    }
    let (path, span) = match target.split_once('[') {
        Some((path, _)) => (path, true),
        None => (target, false),
    };
    let name = path.split("::").next().unwrap_or_default();
    let is_part = is_ours(name) || LIBRARIES.contains(&name) || span && path.is_empty();
    match level {
        _ if is_part => Ok(()),
        None if is_level(target) => Ok(()),
        None => {
            Err(unknown(target, "a level or a part of the program", &[&LEVELS[..], OURS].concat()))
        }
        Some(_) => Err(unknown(name, "a part of the program", OURS)),
    }
}

/// Digits are levels, too: 0 is off, 1 is error.
fn is_level(text: &str) -> bool {
    LEVELS.iter().any(|it| it.eq_ignore_ascii_case(text))
        || matches!(text.as_bytes(), [b'0'..=b'5'])
}

fn unknown(word: &str, what: &str, known: &[&str]) -> String {
    let nearest = nearest(word, known.iter().copied());
    let hint = nearest.map(|it| format!(" (did you mean {it}?)")).unwrap_or_default();
    format!("{word:?} is not {what}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_match_is_taken() {
        for text in [
            "info",
            "WARN",
            "off",
            "3",
            "server=debug",
            "info,server=debug",
            "info, sfu::viewer=trace , str0m=off",
            "kaibo",
            "server::http=debug",
            "media_api=trace",
            "[join]=debug",
            "info,server[join{room=a}]=trace",
        ] {
            assert!(Filter::parse(text).is_ok(), "{text}: {:?}", Filter::parse(text));
        }
    }

    #[test]
    fn what_never_matches_is_refused_with_a_sentence() {
        let refused = |text: &str, part: &str| {
            let why = Filter::parse(text).unwrap_err().to_string();
            assert!(why.contains(part) && why.contains("info,server=debug"), "{text}: {why}");
        };
        refused("loud", "\"loud\" is not a level or a part of the program;");
        refused("inof", "did you mean info?");
        refused(
            "info,servr=debug",
            "\"servr\" is not a part of the program (did you mean server?)",
        );
        refused("server=loud", "\"loud\" is not a level");
        refused("server=", "\"\" is not a level");
        refused("", "\"\" is not a level");
        refused("info,", "\"\" is not a level");
        refused("=?=", "not a level");
        refused("=debug", "\"\" is not a part");
        refused("server=debug=info", "not a");
    }

    #[test]
    fn a_chatty_library_is_quiet_unless_it_is_named() {
        let quiet = Filter::parse("debug").unwrap().0.to_string();
        assert!(quiet.contains("rtc_dtls=error") && quiet.contains("stun_types=error"), "{quiet}");
        let named = Filter::parse("info,rtc_dtls=trace").unwrap().0.to_string();
        assert!(named.contains("rtc_dtls=trace") && !named.contains("rtc_dtls=error"), "{named}");
    }
}
