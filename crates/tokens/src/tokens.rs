//! Tokens: JWT (RFC 7519) with the grants of LiveKit. A door reads a token here; what it allows goes to [`auth::Auth`].
//!
//! A token of the operator's own site is signed with HS256 by a key of this server, which `iss` names. One of an identity
//! provider is signed with RS256, ES256 or EdDSA by a key of its JWK set (RFC 7517), which `kid` names. No algorithm is
//! taken from the token alone: the key decides.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use auth::{BadToken, Grant, Issuer};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header, Validation, decode,
    decode_header, encode,
};
use protocol::RoomName;
use serde::{Deserialize, Serialize};

/// The longest token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// How far the clocks of two servers may differ, in seconds.
pub const CLOCK_SKEW_S: u64 = 30;

/// The most keys of a JWK set that are taken.
pub const MAX_JWKS: usize = 64;

/// What an identity provider's tokens have to say besides.
#[derive(Debug, Clone, Default)]
pub struct JwksRules {
    /// The only issuer, when one is named.
    pub issuer: Option<String>,
    /// The audience that has to be named.
    pub audience: Option<String>,
    /// The algorithms that are taken.
    pub algorithms: Vec<JwksAlgorithm>,
}

/// An algorithm of an identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JwksAlgorithm {
    /// RSA with SHA-256.
    RS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl JwksAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RS256, Self::ES256, Self::EdDSA];

    fn is(self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::RS256, Algorithm::RS256)
                | (Self::ES256, Algorithm::ES256)
                | (Self::EdDSA, Algorithm::EdDSA)
        )
    }
}

/// The keys that tokens are checked with.
#[derive(Default)]
pub struct Tokens {
    own: HashMap<Arc<str>, String>,
    /// By `kid`.
    jwks: HashMap<String, DecodingKey>,
    rules: JwksRules,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own: Vec<_> = self.own.keys().collect();
        f.debug_struct("Tokens").field("own", &own).finish_non_exhaustive()
    }
}

/// The claims that matter here. What is not stated is not given.
#[derive(Debug, Deserialize, Serialize)]
struct Claims {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    #[serde(default)]
    video: VideoGrant,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|it| it == name),
        }
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct VideoGrant {
    room: Option<String>,
    room_join: bool,
    can_publish: bool,
    can_subscribe: bool,
    can_publish_data: bool,
    room_admin: bool,
}

impl Tokens {
    /// Names the keys of this server: their ids and secrets.
    pub fn set_own(&mut self, keys: impl IntoIterator<Item = (String, String)>) {
        self.own = keys.into_iter().map(|(id, secret)| (Arc::from(id), secret)).collect();
    }

    /// What tokens of the identity provider have to say.
    pub fn set_rules(&mut self, rules: JwksRules) {
        self.rules = rules;
    }

    /// Takes the keys of an identity provider, a JWK set (RFC 7517); how many of them can be used. Those before are void.
    ///
    /// # Errors
    /// When it cannot be read. Those before stay then.
    pub fn set_jwks(&mut self, text: &[u8]) -> Result<usize, BadToken> {
        let set: JwkSet = serde_json::from_slice(text).map_err(|_| BadToken::Malformed)?;
        let keys = set.keys.iter().filter_map(|jwk| {
            let key = DecodingKey::from_jwk(jwk).ok()?;
            // A public set has no shared secret.
            let is_public = key.family() != AlgorithmFamily::Hmac;
            is_public.then(|| (jwk.common.key_id.clone().unwrap_or_default(), key))
        });
        self.jwks = keys.take(MAX_JWKS).collect();
        Ok(self.jwks.len())
    }

    /// What a token allows. `now_s`: seconds since the Unix epoch.
    ///
    /// # Errors
    /// When it is not good. [`BadToken::UnknownKey`] may mean that the provider has a new key.
    pub fn read(&self, token: &str, now_s: u64) -> Result<Grant, BadToken> {
        let header = decode_header(token).map_err(|_| BadToken::Malformed)?;
        if header.alg == Algorithm::HS256 {
            return self.read_own(token, now_s);
        }
        if !self.rules.algorithms.iter().any(|it| it.is(header.alg)) {
            return Err(BadToken::Algorithm);
        }
        let kid = header.kid.unwrap_or_default();
        let key = self.jwks.get(&kid).ok_or(BadToken::UnknownKey)?;
        let claims = check(token, key, header.alg, now_s)?;
        if self.rules.issuer.is_some() && self.rules.issuer != claims.iss {
            return Err(BadToken::Issuer);
        }
        let is_audience = |name: &String| claims.aud.as_ref().is_some_and(|it| it.has(name));
        if !self.rules.audience.as_ref().is_none_or(is_audience) {
            return Err(BadToken::Audience);
        }
        grant(claims, Issuer::Jwks)
    }

    fn read_own(&self, token: &str, now_s: u64) -> Result<Grant, BadToken> {
        // Which key is to be used stands in the token itself; nothing else of it is believed before it is checked.
        let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(token)
            .map_err(|_| BadToken::Malformed)?;
        let iss = claims.iss.ok_or(BadToken::UnknownKey)?;
        let (id, secret) = self.own.get_key_value(iss.as_str()).ok_or(BadToken::UnknownKey)?;
        let key = DecodingKey::from_secret(secret.as_bytes()).map_err(|_| BadToken::UnknownKey)?;
        let claims = check(token, &key, Algorithm::HS256, now_s)?;
        grant(claims, Issuer::TokenKey(id.clone()))
    }
}

/// The claims of a token that its key has signed, and whose time it is.
fn check(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
    now_s: u64,
) -> Result<Claims, BadToken> {
    let mut validation = Validation::new(algorithm);
    // The time is an argument here.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = decode::<Claims>(token, key, &validation)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => BadToken::Signature,
            ErrorKind::InvalidAlgorithm => BadToken::Algorithm,
            _ => BadToken::Malformed,
        })?
        .claims;
    #[allow(clippy::cast_precision_loss, reason = "seconds of these centuries")]
    let (now, skew) = (now_s as f64, CLOCK_SKEW_S as f64);
    let exp = claims.exp.ok_or(BadToken::Endless)?;
    if exp + skew < now {
        return Err(BadToken::Expired);
    }
    if claims.nbf.is_some_and(|nbf| nbf - skew > now) {
        return Err(BadToken::Early);
    }
    Ok(claims)
}

fn grant(claims: Claims, by: Issuer) -> Result<Grant, BadToken> {
    let Claims { name, video, .. } = claims;
    let room = video.room.as_deref().and_then(|room| RoomName::parse(room).ok());
    let room = room.filter(|_| video.room_join || video.room_admin).ok_or(BadToken::NoRoom)?;
    Ok(Grant {
        by,
        room,
        can_publish: video.room_join && video.can_publish,
        can_watch: video.room_join && video.can_subscribe,
        can_chat: video.room_join && video.can_publish_data,
        is_admin: video.room_admin,
        name: name.filter(|name| !name.is_empty()),
    })
}

/// Whether a text looks like a token. Keys of people hardly do.
pub fn is_token(text: &str) -> bool {
    let mut parts = text.split('.');
    let [Some(header), Some(claims), Some(_), None] =
        [parts.next(), parts.next(), parts.next(), parts.next()]
    else {
        return false;
    };
    // `{"` in base64.
    header.starts_with("eyJ") && claims.starts_with("eyJ")
}

/// What a token to be made allows.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The room.
    pub room: RoomName,
    /// To send media.
    pub can_publish: bool,
    /// To receive media.
    pub can_watch: bool,
    /// To write.
    pub can_chat: bool,
    /// To moderate.
    pub is_admin: bool,
    /// What the person is called.
    pub name: Option<String>,
    /// When it expires, in seconds since the Unix epoch.
    pub expires_s: u64,
}

impl NewToken {
    /// The token, signed by a key of this server; `None` when the key has no secret.
    pub fn sign(self, key_id: &str, secret: &str) -> Option<String> {
        let Self { room, can_publish, can_watch, can_chat, is_admin, name, expires_s } = self;
        let video = VideoGrant {
            room: Some(room.to_string()),
            room_join: true,
            can_publish,
            can_subscribe: can_watch,
            can_publish_data: can_chat,
            room_admin: is_admin,
        };
        #[allow(clippy::cast_precision_loss, reason = "seconds of these centuries")]
        let exp = Some(expires_s as f64);
        let claims =
            Claims { iss: Some(key_id.to_owned()), name, exp, nbf: None, aud: None, video };
        let key = EncodingKey::from_secret(secret.as_bytes()).ok()?;
        encode(&Header::new(Algorithm::HS256), &claims, &key).ok()
    }
}
