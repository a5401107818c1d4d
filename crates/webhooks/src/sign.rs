//! The two signatures of a delivery: that of Standard Webhooks (standardwebhooks.com), and that of LiveKit's webhooks.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::limits::{SECRET_MAX_CHARS, SECRET_MIN_CHARS, SIGNED_FOR};

/// What a secret begins with whose rest is the key in base64.
const PREFIX: &str = "whsec_";

/// What signs.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Header fields of a delivery.
#[derive(Debug)]
pub(crate) struct Signed {
    /// `webhook-id`
    pub(crate) id: String,
    /// `webhook-timestamp`, in seconds since the Unix epoch.
    pub(crate) timestamp: String,
    /// `webhook-signature`
    pub(crate) signature: String,
    /// `Authorization`: a JWT that tells the hash of the body.
    pub(crate) token: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    exp: i64,
    sha256: String,
}

impl Secret {
    /// A new one, of 256 bits.
    pub(crate) fn new(random: [u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", BASE64_STANDARD.encode(random)))
    }

    /// One that somebody gives.
    ///
    /// # Errors
    /// A sentence, when it is too short, too long, or has other characters than printable ones of ASCII.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let is_printable = text.bytes().all(|it| it.is_ascii_graphic());
        if !(SECRET_MIN_CHARS..=SECRET_MAX_CHARS).contains(&text.len()) || !is_printable {
            return Err(format!(
                "secret has to be {SECRET_MIN_CHARS} to {SECRET_MAX_CHARS} characters of ASCII without spaces"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// One of the store.
    pub(crate) fn of_row(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Signs a body for a webhook; `now_ms` is the time of the try.
    pub(crate) fn sign(&self, webhook: &str, id: &str, body: &str, now_ms: i64) -> Signed {
        let now_s = now_ms / 1000;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key()).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{now_s}.{body}").as_bytes());
        let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        let claims = Claims {
            iss: webhook,
            exp: now_s + SIGNED_FOR.as_secs() as i64,
            sha256: BASE64_STANDARD.encode(Sha256::digest(body)),
        };
        let key = EncodingKey::from_secret(self.0.as_bytes());
        let token =
            key.and_then(|key| jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key));
        Signed {
            id: id.to_owned(),
            timestamp: now_s.to_string(),
            signature,
            token: token.expect("claims of text and numbers can be signed"),
        }
    }

    /// The bytes of the text, or what they are in base64.
    fn key(&self) -> Vec<u8> {
        let encoded = self.0.strip_prefix(PREFIX);
        let decoded = encoded.and_then(|it| BASE64_STANDARD.decode(it).ok());
        decoded.filter(|it| !it.is_empty()).unwrap_or_else(|| self.0.clone().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the reference libraries of Standard Webhooks.
    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signed = secret.sign("w", id, r#"{"test": 2432232314}"#, 1_614_265_330_999);
        assert_eq!(signed.timestamp, "1614265330");
        assert_eq!(signed.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_that_can_be_guessed_or_not_be_typed_are_refused() {
        for bad in [
            "short",
            "fifteen letters",
            &"a".repeat(129),
            "sixteen chars äöü",
            "a b c d e f g h i j",
        ] {
            assert!(Secret::parse(bad).is_err(), "{bad}");
        }
        assert!(Secret::parse(Secret::new([7; 32]).as_str()).is_ok());
        assert_eq!(format!("{:?}", Secret::new([7; 32])), "Secret");
    }
}
