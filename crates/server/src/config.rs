//! Every knob: its default, its flag, and where its value comes from.
//!
//! Flag, then environment, then file, then default: [`ConfigOverlay`]s are laid over each other in that order, and
//! [`Config`] is what comes of it. A knob stands in one place, the list in `knobs.rs`; `config.example.toml`
//! documents it, and a test keeps it true.
//!
//! | file | what |
//! | --- | --- |
//! | `knobs.rs` | the list of all knobs |
//! | `overlay.rs` | the macro that makes configuration, file form and flags of the list |
//! | `values.rs` | values that need reading or hiding |
//! | `file.rs` | reads the file |
//! | `check.rs` | refuses values that make no sense |
//! | `change.rs` | all settings by name; what is another in another configuration |

mod change;
mod check;
mod file;
mod knobs;
mod overlay;
mod values;

pub use check::ConfigError;
pub use file::FILE_NAME;
pub use knobs::{
    AuthServices, AuthServicesOverlay, Config, ConfigOverlay, Limits, LimitsOverlay, Metrics,
    MetricsOverlay, Publish, PublishOverlay, Record, RecordOverlay, Tls, TlsOverlay,
    WebhookSettings, WebhooksOverlay,
};
pub use values::{
    Clips, IceServerEntry, LogFormat, PageCodec, PublicIp, RecordFormat, RecordLayers, RecordRooms,
    SecretText, TlsMode,
};

use std::net::IpAddr;
use std::time::Duration;

use auth::Secret;
use control::{Capacity, IceServerConfig};
use protocol::IceServer;

/// The port of HTTPS (RFC 9110, section 4.2.2).
pub(crate) const HTTPS_PORT: u16 = 443;

/// The port of HTTP (RFC 9110, section 4.2.1).
pub(crate) const HTTP_PORT: u16 = 80;

impl Tls {
    /// Where the certificate comes from, with the default where nothing is said.
    pub fn effective_mode(&self) -> TlsMode {
        self.mode.unwrap_or(match (self.cert.is_some(), self.domains.is_empty()) {
            (true, _) => TlsMode::Files,
            (false, false) => TlsMode::Auto,
            (false, true) => TlsMode::Off,
        })
    }

    /// The directory of the ACME server.
    fn acme_directory(&self) -> String {
        match self.acme.as_str() {
            "letsencrypt" => tls::acme::LETS_ENCRYPT.into(),
            "staging" => tls::acme::LETS_ENCRYPT_STAGING.into(),
            url => url.into(),
        }
    }

    /// The port of plain HTTP beside HTTPS.
    pub(crate) fn effective_http_port(&self) -> Option<u16> {
        let default = (self.effective_mode() == TlsMode::Auto).then_some(HTTP_PORT);
        self.http_port.or(default).filter(|port| *port != 0)
    }
}

impl Config {
    /// What an overlay makes of the defaults.
    ///
    /// # Errors
    /// When a value makes no sense.
    pub fn from_overlay(overlay: ConfigOverlay) -> Result<Self, ConfigError> {
        let has_listen = overlay.listen.is_some();
        let mut config = Self::over_defaults(overlay);
        if config.tls.effective_mode() == TlsMode::Auto && !has_listen {
            config.listen.set_port(HTTPS_PORT);
        }
        // An empty key is none: container environments set variables to nothing.
        config.publish.key = config.publish.key.filter(|key| !key.0.is_empty());
        config.metrics.token = config.metrics.token.filter(|token| !token.0.is_empty());
        config.check()?;
        Ok(config)
    }

    /// The configuration as a file would say it, with secrets hidden.
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.to_overlay()).expect("an overlay has values of simple types only")
    }

    /// Who may publish without a key, with the default where nothing is said.
    pub fn publish_open(&self) -> auth::PublishOpen {
        self.auth().effective_open()
    }

    /// What a program shows to read the metrics.
    pub(crate) fn metrics_token(&self) -> Option<Secret> {
        self.metrics.token.as_ref().map(|it| Secret::new(it.0.as_str()))
    }

    /// The public addresses that the operator names.
    pub fn named_public_ips(&self) -> Vec<IpAddr> {
        let named = self.public_ips.iter().filter_map(|it| match it {
            PublicIp::Auto => None,
            PublicIp::Ip(ip) => Some(*ip),
        });
        named.collect()
    }

    /// Who may do what, and who is who.
    pub(crate) fn auth(&self) -> auth::Config {
        auth::Config {
            open: self.publish.open,
            key: self.publish.key.as_ref().map(|key| Secret::new(key.0.as_str())),
            origins: self.allow_origins.clone(),
            hosts: self.allow_hosts.iter().chain(&self.tls.domains).cloned().collect(),
            trusted_proxies: self.trust_proxies.clone(),
            trusted_networks: self.trust_networks.clone(),
            asks_service: self.auth.http.is_some(),
        }
    }

    /// What tokens of the identity provider have to say.
    pub(crate) fn jwks_rules(&self) -> tokens::JwksRules {
        let AuthServices { issuer, audience, algorithms, .. } = &self.auth;
        let algorithms = algorithms.iter().filter_map(|it| algorithm(it));
        tokens::JwksRules {
            issuer: issuer.clone(),
            audience: audience.clone(),
            algorithms: algorithms.collect(),
        }
    }

    /// What the control plane decides by.
    pub(crate) fn control(&self) -> control::Config {
        let ice_server = |entry: &IceServerEntry| IceServerConfig {
            server: IceServer {
                urls: entry.urls.clone(),
                username: entry.username.clone(),
                credential: entry.credential.as_ref().map(|it| it.0.clone()),
            },
            secret: entry.secret.as_ref().map(|it| control::TurnSecret(it.0.clone())),
        };
        control::Config {
            default_room: self.default_room.clone(),
            max_viewers: self.max_viewers,
            host_grace: Duration::from_secs(self.host_grace.into()),
            ice_servers: self.ice_servers.iter().map(ice_server).collect(),
            record: self.record.rooms.into(),
            past: Duration::from_secs(u64::from(self.record.rewind_minutes) * 60),
            clips: self.record.clips == Clips::Everybody,
            host_codec: match self.publish.codec.name() {
                Some(codec) => control::HostCodec::Named(codec.into()),
                None => control::HostCodec::Fit {
                    has_hls: self.record.hls,
                    is_mp4: self.record.format == RecordFormat::Mp4,
                },
            },
        }
    }

    /// How many of each there may be.
    pub(crate) fn capacity(&self) -> Capacity {
        let limits = &self.limits;
        Capacity {
            max_peers: self.max_peers,
            sessions_per_network: limits.sessions_per_network,
            sockets_per_network: limits.sockets_per_network,
            joins_per_second: limits.joins_per_second,
            joins_burst: limits.joins_burst,
            joins_per_second_in_all: limits.joins_per_second_in_all,
        }
    }

    /// What the ACME server is asked for. Without domains that is a certificate for `addresses`.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub(crate) fn acme(
        &self,
        addresses: &[IpAddr],
    ) -> Result<tls::acme::Config, tls::acme::ConfigError> {
        use tls::acme::{Challenge, Name};
        let domains: Result<Vec<Name>, _> = self.tls.domains.iter().map(|it| it.parse()).collect();
        let mut names = domains?;
        if names.is_empty() {
            let ips = addresses.iter().copied().map(Name::Ip);
            names.extend(ips.filter(|it| it.check_public().is_ok()));
        }
        // The authority comes to port 443, or to port 80 (RFC 8737, section 3; RFC 8555, section 8.3).
        let is_https_port = self.listen.port() == HTTPS_PORT;
        let challenge = if is_https_port { Challenge::TlsAlpn } else { Challenge::Http };
        let config = tls::acme::Config {
            directory: self.tls.acme_directory(),
            contact: self.tls.acme_contact.clone(),
            names,
            challenge,
            root: self.tls.acme_root.clone(),
            profile: self.tls.acme_profile.clone(),
        };
        config.check()?;
        Ok(config)
    }

    /// Whom webhooks may tell.
    pub(crate) fn webhook_policy(&self) -> Result<webhooks::Policy, ConfigError> {
        webhooks::Policy::allowing(&self.webhooks.allow).map_err(|bad| {
            ConfigError::Invalid(format!(
                "{bad:?} is not a host; write it as hook.lan or 10.0.0.7, without scheme and port"
            ))
        })
    }

    /// How many TCP connections there may be.
    pub(crate) fn connections(&self) -> crate::listen::Limits {
        crate::listen::Limits {
            connections: self.limits.connections,
            per_network: self.limits.connections_per_network,
            // Limits by network leave these out in HTTP, and so they do here.
            trusted: self.trust_proxies.iter().chain(&self.trust_networks).copied().collect(),
        }
    }
}

impl Config {
    /// Networks whose TLS handshakes have no limit: those that the operator names, of clients and of proxies, which
    /// bring the connections of many.
    pub(crate) fn without_handshake_limit(&self) -> Vec<auth::IpNet> {
        let named = self.trust_proxies.iter().filter(|it| !it.addr().is_loopback());
        named.chain(&self.trust_networks).copied().collect()
    }
}

/// The algorithm of a name.
fn algorithm(name: &str) -> Option<tokens::JwksAlgorithm> {
    use tokens::JwksAlgorithm::{ES256, EdDSA, RS256};
    match name {
        "RS256" => Some(RS256),
        "ES256" => Some(ES256),
        "EdDSA" => Some(EdDSA),
        _ => None,
    }
}

/// A URL of `http` or `https`, with a host.
pub(crate) fn http_uri(text: &str) -> Option<axum::http::Uri> {
    let uri: axum::http::Uri = text.parse().ok()?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_http && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}
