//! Refuses values that make no sense.

use super::values::PublicIp;
use std::io;
use std::path::PathBuf;

use auth::KEY_MIN_CHARS;

use super::knobs::{AuthServices, Config};
use super::values::{IceServerEntry, TlsMode};

/// What the server's own paths begin with. A base path that begins so would hide them.
const OWN_PATHS: [&str; 17] = [
    ".well-known",
    "admin",
    "api",
    "assets",
    "c",
    "doctor",
    "embed",
    "healthz",
    "hls",
    "host",
    "metrics",
    "oembed",
    "r",
    "trust",
    "whep",
    "whip",
    "ws",
];

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was named cannot be read.
    #[error("cannot read the configuration file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file has something wrong in it.
    #[error("the configuration file {path} has a mistake{at}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// ` in line n`, when known.
        at: String,
        /// What is wrong.
        message: String,
    },
    /// A value makes no sense.
    #[error("{0}")]
    Invalid(String),
}

impl Config {
    fn check_auth(&self) -> Result<(), ConfigError> {
        let AuthServices { http, jwks, issuer, audience, algorithms } = &self.auth;
        for (name, url) in [("auth.http", http), ("auth.jwks", jwks)] {
            if let Some(url) = url
                && super::http_uri(url).is_none()
            {
                let message = format!("{name} is {url:?}; write it as https://id.example.com/path");
                return Err(ConfigError::Invalid(message));
            }
        }
        if jwks.is_none() && (issuer.is_some() || audience.is_some()) {
            let message = "auth.issuer and auth.audience belong to auth.jwks, which is missing";
            return Err(ConfigError::Invalid(message.into()));
        }
        if let Some(other) = algorithms.iter().find(|it| super::algorithm(it).is_none()) {
            let message =
                format!("auth.algorithms has {other:?}; there are RS256, ES256 and EdDSA");
            return Err(ConfigError::Invalid(message));
        }
        if algorithms.is_empty() {
            return Err(ConfigError::Invalid("auth.algorithms is empty".into()));
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let invalid = |message: &str| Err(ConfigError::Invalid(message.into()));
        if self.publish.key.as_ref().is_some_and(|key| key.0.chars().count() < KEY_MIN_CHARS) {
            return Err(ConfigError::Invalid(format!(
                "the publishing key has fewer than {KEY_MIN_CHARS} characters and could be guessed; \
                 `openssl rand -hex 16` makes one"
            )));
        }
        if self.publish.key.as_ref().is_some_and(|key| key.0.len() > auth::Secret::MAX_BYTES) {
            return Err(ConfigError::Invalid(format!(
                "the publishing key has more than {} bytes",
                auth::Secret::MAX_BYTES
            )));
        }
        self.check_auth()?;
        let token = self.metrics.token.as_ref().map(|it| it.0.as_str());
        if token.is_some_and(|it| {
            it.chars().count() < KEY_MIN_CHARS || it.len() > auth::Secret::MAX_BYTES
        }) {
            return Err(ConfigError::Invalid(format!(
                "the token of metrics has {KEY_MIN_CHARS} characters to {} bytes; `openssl rand -hex 16` makes one",
                auth::Secret::MAX_BYTES
            )));
        }
        if self.max_peers == 0 || self.max_viewers == 0 {
            return invalid("max_peers and max_viewers are at least 1");
        }
        if !(5..=3600).contains(&self.host_grace) {
            return invalid("host_grace is 5 to 3600 seconds");
        }
        if self.record.rewind_minutes > crate::limits::MAX_REWIND_MINUTES {
            return invalid("rewind is 0 to 720 minutes");
        }
        let bucket = self.record.to.as_deref().map(|it| it.strip_prefix("s3://"));
        if bucket.is_some_and(|it| it.is_none_or(|it| it.is_empty() || it.starts_with('/'))) {
            return invalid("record.to is as s3://BUCKET or s3://BUCKET/FOLDER");
        }
        let limits = &self.limits;
        let counts = [
            limits.connections,
            limits.connections_per_network,
            limits.sockets_per_network,
            limits.sessions_per_network,
            limits.joins_per_second as usize,
            limits.joins_burst as usize,
            limits.joins_per_second_in_all as usize,
        ];
        if counts.contains(&0) {
            return invalid("each of [limits] is at least 1");
        }
        if self.media_workers.is_some_and(|n| !(1..=engine::MAX_WORKERS).contains(&n)) {
            return invalid("media_workers is 1 to 64; leave it out for one a core");
        }
        if self.named_public_ips().iter().any(|ip| ip.is_unspecified() || ip.is_multicast()) {
            return invalid("a public IP is the address of one machine, such as 203.0.113.7");
        }
        if let Some(bad) = self.allow_origins.iter().find(|it| *it != "*" && !auth::is_origin(it)) {
            return Err(ConfigError::Invalid(format!(
                "{bad:?} is not an origin; write it as https://example.com or http://example.com:8080"
            )));
        }
        if let Some(bad) = self.embed_origins.iter().find(|it| !is_embed_origin(it)) {
            return Err(ConfigError::Invalid(format!(
                "{bad:?} is not an origin of pages; write it as https://example.com, https://*.example.com, * or none"
            )));
        }
        if self.embed_origins.len() > 1 && self.embed_origins.iter().any(|it| it == "none") {
            return invalid("--embed-origin none stands alone");
        }
        if let Some(bad) = self.allow_hosts.iter().find(|it| *it != "*" && !auth::is_host(it)) {
            return Err(ConfigError::Invalid(format!(
                "{bad:?} is not a host name; write it as live.example.com, without scheme and port"
            )));
        }
        self.webhook_policy()?;
        if !self.base_path.is_empty() && !auth::is_prefix(&self.base_path) {
            return Err(ConfigError::Invalid(format!(
                "{:?} is not a base path; write it as /live",
                self.base_path
            )));
        }
        let first = self.base_path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if OWN_PATHS.contains(&first) {
            return Err(ConfigError::Invalid(format!(
                "{:?} is no base path: /{first} is an address of the server itself; choose another, such as /live",
                self.base_path
            )));
        }
        let is_asked = self.public_ips.contains(&PublicIp::Auto);
        if is_asked && crate::public_ips::servers(&self.ice_servers).is_empty() {
            return invalid(
                "--public-ip auto asks a STUN server for the address: name one with --ice-server stun:HOST:PORT",
            );
        }
        self.check_tls()?;
        self.ice_servers.iter().try_for_each(check_ice_server)
    }
}

impl Config {
    fn check_tls(&self) -> Result<(), ConfigError> {
        let invalid = |message: String| Err(ConfigError::Invalid(message));
        let tls = &self.tls;
        let mode = tls.effective_mode();
        match (&tls.cert, &tls.key) {
            (Some(_), None) => return invalid("--tls-cert needs --tls-key".into()),
            (None, Some(_)) => return invalid("--tls-key needs --tls-cert".into()),
            (None, None) if mode == TlsMode::Files => {
                return invalid("--tls files needs --tls-cert and --tls-key".into());
            }
            (Some(_), Some(_)) if mode != TlsMode::Files => {
                return invalid("--tls-cert and --tls-key are for --tls files".into());
            }
            _ => {}
        }
        if !tls.domains.is_empty() && mode != TlsMode::Auto {
            return invalid(
                "--domain is for --tls auto; --allow-host names a host without a certificate"
                    .into(),
            );
        }
        if let Some(bad) = tls.domains.iter().find(|it| *it == "*" || !auth::is_host(it)) {
            return invalid(format!(
                "{bad:?} is not a domain; write it as live.example.com, without scheme and port"
            ));
        }
        if mode == TlsMode::Auto {
            self.acme(&[]).map_err(|error| ConfigError::Invalid(error.to_string()))?;
        }
        if tls.http_port.is_some_and(|port| port != 0) && mode == TlsMode::Off {
            return invalid("--http-port is for servers with HTTPS: see --tls".into());
        }
        if tls.effective_http_port() == Some(self.listen.port()) {
            return invalid(format!(
                "--http-port and --listen are both port {}",
                self.listen.port()
            ));
        }
        Ok(())
    }
}

/// Whether a page can be named so in `frame-ancestors` (CSP level 3, section 2.3.1).
fn is_embed_origin(text: &str) -> bool {
    let is_source = |b: u8| b.is_ascii_alphanumeric() || b"-._:/*[]+".contains(&b);
    let without_star = text.replacen("://*.", "://", 1);
    let is_named = !without_star.contains('*') && auth::is_origin(&without_star);
    matches!(text, "*" | "none") || is_named && text.bytes().all(is_source)
}

/// RFC 7064 and RFC 7065: what a browser's `RTCConfiguration` takes. One that it does not take would keep every page
/// from connecting.
fn check_ice_server(server: &IceServerEntry) -> Result<(), ConfigError> {
    let invalid = |message: String| Err(ConfigError::Invalid(message));
    if server.urls.is_empty() {
        return invalid("an ICE server has at least one URL".into());
    }
    let has_fixed = server.username.is_some() && server.credential.is_some();
    let has_secret = server.secret.as_ref().is_some_and(|secret| !secret.0.is_empty());
    if server.secret.is_some() && (server.username.is_some() || server.credential.is_some()) {
        return invalid("an ICE server has either a secret or a username and credential".into());
    }
    for url in &server.urls {
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        let is_turn = matches!(scheme, "turn" | "turns");
        let is_plain = rest.bytes().all(|it| it.is_ascii_graphic() && !b"<>\"\\".contains(&it));
        if !(is_turn || matches!(scheme, "stun" | "stuns")) || rest.is_empty() || !is_plain {
            return invalid(format!(
                "{url:?} is not an ICE server; write it as stun:HOST:PORT or turn:HOST:PORT"
            ));
        }
        if is_turn && !has_fixed && !has_secret {
            return invalid(format!(
                "{url:?} needs a secret, or a username and a credential, in the file"
            ));
        }
    }
    Ok(())
}
