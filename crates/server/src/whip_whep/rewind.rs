//! How a WHEP player goes back in the broadcast: an extension of ours, beside the choice of a layer.

use std::time::Duration;

use control::Rewind;
use protocol::ErrorCode;
use serde::Deserialize;

use crate::problem::Problem;

/// What a player asks for. What is absent stays as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    /// How long ago what is to be seen was live; 0: what is live.
    ago_ms: Option<f64>,
    paused: Option<bool>,
    fast: Option<bool>,
}

/// Reads it: what is to be done, in order.
pub(super) fn read(body: &str) -> Result<Vec<Rewind>, Problem> {
    let bad = |message: String| Problem::new(ErrorCode::BadField, message);
    let asked: Asked =
        serde_json::from_str(body).map_err(|error| bad(format!("not a way back: {error:.200}")))?;
    let mut wishes = Vec::new();
    if let Some(ms) = asked.ago_ms {
        let ago = Duration::try_from_secs_f64(ms / 1_000.0);
        let ago = ago.map_err(|_| bad("\"agoMs\" is 0 or more".into()))?;
        wishes.push(Rewind::To(ago));
    }
    if asked.paused == Some(true) {
        wishes.push(Rewind::Pause);
    }
    wishes.extend(asked.fast.map(Rewind::Fast));
    Ok(wishes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_says_where_to_and_how() {
        let read = |body| read(body).map_err(|it| it.code);
        assert_eq!(read(r#"{"agoMs":30000}"#), Ok(vec![Rewind::To(Duration::from_secs(30))]));
        assert_eq!(read(r#"{"agoMs":0}"#), Ok(vec![Rewind::To(Duration::ZERO)]));
        assert_eq!(read(r#"{"paused":true}"#), Ok(vec![Rewind::Pause]));
        assert_eq!(read(r#"{"fast":true}"#), Ok(vec![Rewind::Fast(true)]));
        for bad in ["", "[]", r#"{"agoMs":-1}"#, r#"{"agoMs":1e300}"#, r#"{"ago":1}"#] {
            assert_eq!(read(bad), Err(ErrorCode::BadField), "{bad}");
        }
    }
}
