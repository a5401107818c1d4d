//! Every knob: its default, and where its value comes from.
//!
//! Flag, then environment, then file, then default: [`Layer`]s are laid over each other in that
//! order, and [`Config`] is what comes of it. `config.example.toml` documents each knob.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use protocol::{IceServer, RoomName};
use serde::{Deserialize, Serialize};

use crate::signaling::{self, PublishOpen, PublishPolicy};

/// The name of the file that is read from the data folder when it exists.
pub const FILE_NAME: &str = "kaibo.toml";

/// What the server runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The TCP address; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The UDP port of all media; the TCP port's number when absent.
    pub udp_port: Option<u16>,
    /// Addresses to announce for media besides those of the machine.
    pub public_ips: Vec<IpAddr>,
    /// Where durable things are kept.
    pub data: PathBuf,
    /// The room of pages that name none.
    pub default_room: RoomName,
    /// Who may publish.
    pub publish: PublishPolicy,
    /// Web pages of other origins that may connect, such as `https://example.com`.
    pub allow_origins: Vec<String>,
    /// STUN and TURN servers, handed to pages, encoders and players.
    pub ice_servers: Vec<IceServer>,
    /// The most viewers of one room.
    pub max_viewers: usize,
    /// The most connections, hosts and viewers, of the server.
    pub max_peers: usize,
    /// The most that a host should send, in kbit/s; 0: no limit. Who sends more is told so.
    pub max_publish_kbps: u32,
    /// Media threads; one for each core, up to 16, when absent.
    pub media_workers: Option<usize>,
    /// What is logged, as `tracing-subscriber` filters are written.
    pub log: String,
}

/// Some knobs, of one origin; absent ones are left to the next layer. It is the form of the file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// See [`Config::listen`].
    pub listen: Option<SocketAddr>,
    /// See [`Config::udp_port`].
    pub udp_port: Option<u16>,
    /// See [`Config::public_ips`].
    pub public_ips: Option<Vec<IpAddr>>,
    /// See [`Config::data`].
    pub data: Option<PathBuf>,
    /// See [`Config::default_room`].
    pub default_room: Option<RoomName>,
    /// See [`Config::allow_origins`].
    pub allow_origins: Option<Vec<String>>,
    /// See [`Config::ice_servers`].
    pub ice_servers: Option<Vec<IceServer>>,
    /// See [`Config::max_viewers`].
    pub max_viewers: Option<usize>,
    /// See [`Config::max_peers`].
    pub max_peers: Option<usize>,
    /// See [`Config::max_publish_kbps`].
    pub max_publish_kbps: Option<u32>,
    /// See [`Config::media_workers`].
    pub media_workers: Option<usize>,
    /// See [`Config::log`].
    pub log: Option<String>,
    /// See [`Config::publish`].
    #[serde(default)]
    pub publish: PublishLayer,
}

/// The `[publish]` table of a [`Layer`].
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PublishLayer {
    /// See [`PublishPolicy::open`].
    pub open: Option<PublishOpen>,
    /// See [`PublishPolicy::key`]; never printed.
    pub key: Option<String>,
}

impl std::fmt::Debug for PublishLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = self.key.as_ref().map(|_| "…");
        f.debug_struct("PublishLayer").field("open", &self.open).field("key", &key).finish()
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was named cannot be read.
    #[error("cannot read the configuration file {path}: {source}")]
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

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(std::net::Ipv6Addr::UNSPECIFIED.into(), 3000),
            udp_port: None,
            public_ips: Vec::new(),
            data: "data".into(),
            default_room: RoomName::parse("default").expect("it has letters only"),
            publish: PublishPolicy::default(),
            allow_origins: Vec::new(),
            ice_servers: Vec::new(),
            max_viewers: 1000,
            max_peers: 2000,
            max_publish_kbps: 0,
            media_workers: None,
            log: "info".into(),
        }
    }
}

impl Config {
    /// Reads the file that was named, or that of the data folder if it is there, and lays `over`
    /// (flags and environment) over it.
    ///
    /// # Errors
    /// When the file cannot be read or a value makes no sense.
    pub fn load(over: Layer, file: Option<&Path>) -> Result<Self, ConfigError> {
        let data = over.data.clone().unwrap_or_else(|| Self::default().data);
        let file = match file {
            Some(path) => Layer::read(path)?,
            None => match Layer::read(&data.join(FILE_NAME)) {
                Err(ConfigError::Read { source, .. })
                    if source.kind() == io::ErrorKind::NotFound =>
                {
                    Layer::default()
                }
                result => result?,
            },
        };
        Self::from_layer(over.or(file))
    }

    /// What a layer makes of the defaults.
    ///
    /// # Errors
    /// When a value makes no sense.
    pub fn from_layer(layer: Layer) -> Result<Self, ConfigError> {
        let default = Self::default();
        let config = Self {
            listen: layer.listen.unwrap_or(default.listen),
            udp_port: layer.udp_port,
            public_ips: layer.public_ips.unwrap_or_default(),
            data: layer.data.unwrap_or(default.data),
            default_room: layer.default_room.unwrap_or(default.default_room),
            publish: PublishPolicy {
                open: layer.publish.open.unwrap_or_default(),
                key: layer.publish.key,
            },
            allow_origins: layer.allow_origins.unwrap_or_default(),
            ice_servers: layer.ice_servers.unwrap_or_default(),
            max_viewers: layer.max_viewers.unwrap_or(default.max_viewers),
            max_peers: layer.max_peers.unwrap_or(default.max_peers),
            max_publish_kbps: layer.max_publish_kbps.unwrap_or(default.max_publish_kbps),
            media_workers: layer.media_workers,
            log: layer.log.unwrap_or(default.log),
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let invalid = |message: &str| Err(ConfigError::Invalid(message.into()));
        if self.publish.key.as_ref().is_some_and(|key| key.is_empty()) {
            return invalid("the publishing key is empty; leave it out or give it a value");
        }
        if self.max_peers == 0 || self.max_viewers == 0 {
            return invalid("max_peers and max_viewers are at least 1");
        }
        if self.media_workers.is_some_and(|n| !(1..=engine::MAX_WORKERS).contains(&n)) {
            return invalid("media_workers is 1 to 64; leave it out for one a core");
        }
        if self.public_ips.iter().any(|ip| ip.is_unspecified() || ip.is_multicast()) {
            return invalid("a public IP is the address of one machine, such as 203.0.113.7");
        }
        let bad = self.allow_origins.iter().find(|origin| !is_origin(origin));
        if let Some(bad) = bad {
            return Err(ConfigError::Invalid(format!(
                "{bad:?} is not an origin; write it as https://example.com or http://example.com:8080"
            )));
        }
        self.ice_servers.iter().try_for_each(check_ice_server)
    }

    /// The configuration as a file would say it, without the key and without credentials.
    pub fn to_toml(&self) -> String {
        let hide = |server: &IceServer| IceServer {
            credential: server.credential.as_ref().map(|_| "(hidden)".into()),
            ..server.clone()
        };
        let layer = Layer {
            listen: Some(self.listen),
            udp_port: self.udp_port,
            public_ips: Some(self.public_ips.clone()),
            data: Some(self.data.clone()),
            default_room: Some(self.default_room.clone()),
            allow_origins: Some(self.allow_origins.clone()),
            ice_servers: Some(self.ice_servers.iter().map(hide).collect()),
            max_viewers: Some(self.max_viewers),
            max_peers: Some(self.max_peers),
            max_publish_kbps: Some(self.max_publish_kbps),
            media_workers: self.media_workers,
            log: Some(self.log.clone()),
            publish: PublishLayer {
                open: Some(self.publish.open),
                key: self.publish.key.as_ref().map(|_| "(hidden)".into()),
            },
        };
        toml::to_string(&layer).expect("a layer has values of simple types only")
    }

    /// The part that concerns the control plane.
    pub(crate) fn signaling(&self) -> signaling::Config {
        signaling::Config {
            default_room: self.default_room.clone(),
            publish: self.publish.clone(),
            max_viewers: self.max_viewers,
            ice_servers: self.ice_servers.clone(),
        }
    }
}

impl Layer {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is not of this form.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.into(), source })?;
        toml::from_str(&text).map_err(|error| {
            let at = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map(|before| format!(" in line {}", before.matches('\n').count() + 1));
            // Only the first line: the rest shows the source, which may be the key's.
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            ConfigError::Parse { path: path.into(), at: at.unwrap_or_default(), message }
        })
    }

    /// This layer over another: what is absent here is taken from there.
    #[must_use]
    pub fn or(self, under: Self) -> Self {
        Self {
            listen: self.listen.or(under.listen),
            udp_port: self.udp_port.or(under.udp_port),
            public_ips: self.public_ips.or(under.public_ips),
            data: self.data.or(under.data),
            default_room: self.default_room.or(under.default_room),
            allow_origins: self.allow_origins.or(under.allow_origins),
            ice_servers: self.ice_servers.or(under.ice_servers),
            max_viewers: self.max_viewers.or(under.max_viewers),
            max_peers: self.max_peers.or(under.max_peers),
            max_publish_kbps: self.max_publish_kbps.or(under.max_publish_kbps),
            media_workers: self.media_workers.or(under.media_workers),
            log: self.log.or(under.log),
            publish: PublishLayer {
                open: self.publish.open.or(under.publish.open),
                key: self.publish.key.or(under.publish.key),
            },
        }
    }
}

/// RFC 7064 and RFC 7065: what a browser's `RTCConfiguration` takes. One that it does not take would keep
/// every page from connecting.
fn check_ice_server(server: &IceServer) -> Result<(), ConfigError> {
    let invalid = |message: String| Err(ConfigError::Invalid(message));
    if server.urls.is_empty() {
        return invalid("an ICE server has at least one URL".into());
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
        if is_turn && (server.username.is_none() || server.credential.is_none()) {
            return invalid(format!("{url:?} needs a username and a credential, in the file"));
        }
    }
    Ok(())
}

/// Whether a text is an origin as browsers write it: scheme, host, perhaps a port.
fn is_origin(text: &str) -> bool {
    let text = text.trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ', '@']))
}
