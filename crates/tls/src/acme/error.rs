//! Why there is no certificate from the CA.

use std::error::Error as StdError;

use instant_acme::{Error, Problem};

use super::limits::ORDER_WITHIN;

const PROBLEM_PREFIX: &str = "urn:ietf:params:acme:error:";

/// Why an order failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The CA refused, in its own words.
    #[error("{detail} ({problem})")]
    Refused {
        /// The type of the problem (RFC 8555, section 6.7), such as `rateLimited`.
        problem: String,
        /// The CA's explanation.
        detail: String,
    },
    /// The CA could not be asked.
    #[error("the CA cannot be reached: {0}")]
    Unreachable(String),
    /// The CA does not offer the challenge that the server can answer.
    #[error("the CA offers no {wanted} challenge for {name}, but {offered}")]
    NoChallenge {
        /// The challenge that the server can answer.
        wanted: String,
        /// The name to prove.
        name: String,
        /// The challenges that the CA offers.
        offered: String,
    },
    /// The CA took too long.
    #[error("the CA did not finish the order within {} minutes", ORDER_WITHIN.as_secs() / 60)]
    TimedOut,
    /// The CA's answer cannot be used.
    #[error("the CA's answer cannot be used: {0}")]
    Answer(String),
    /// A file cannot be read or written.
    #[error("{0}")]
    File(String),
}

impl Failure {
    /// Whether the CA refused by this problem.
    pub fn is(&self, expected: &str) -> bool {
        matches!(self, Self::Refused { problem, .. } if problem == expected)
    }
}

/// An error of the HTTP client, carried through `instant_acme`.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct HttpError(pub(super) Failure);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => problem.into(),
            Error::Timeout(_) => Self::TimedOut,
            Error::Other(other) => match other.downcast::<HttpError>() {
                Ok(http) => http.0,
                Err(other) => Self::Answer(with_causes(other.as_ref())),
            },
            other => Self::Answer(with_causes(&other)),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let mut detail = problem.detail.unwrap_or_else(|| "the CA gave no reason".into());
        for sub in problem.subproblems {
            let words = sub.detail.unwrap_or_default();
            match sub.identifier {
                Some(name) => detail += &format!("; {}: {words}", name.authorized(false)),
                None => detail += &format!("; {words}"),
            }
        }
        let problem = problem.r#type.unwrap_or_else(|| "about:blank".into());
        let problem = problem.strip_prefix(PROBLEM_PREFIX).unwrap_or(&problem).to_owned();
        Self::Refused { problem, detail }
    }
}

/// An error with its causes, each said once.
pub(super) fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text += &format!(": {words}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_cas_own_words() {
        let problem = r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"not all names",
            "subproblems":[{"detail":"no such suffix","identifier":{"type":"dns","value":"a.b"}}]}"#;
        let problem: Problem = serde_json::from_str(problem).unwrap();
        let failure = Failure::from(Error::Api(problem));
        assert_eq!(failure.to_string(), "not all names; a.b: no such suffix (rejectedIdentifier)");
        assert!(failure.is("rejectedIdentifier"));
    }
}
