//! Tokens by which another site sends its people: JWTs with the grants of LiveKit.
//!
//! | file | what |
//! | --- | --- |
//! | `tokens.rs` | [`Tokens`]: reads a token; [`NewToken`]: makes one |

mod tokens;

pub use tokens::{
    CLOCK_SKEW_S, JwksAlgorithm, JwksRules, MAX_JWKS, MAX_TOKEN_BYTES, NewToken, Tokens, is_token,
};
