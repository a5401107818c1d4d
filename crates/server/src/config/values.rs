//! Values that need reading or hiding.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use auth::{IpNet, PublishOpen};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use protocol::{InvalidName, RoomName};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A secret of the operator's. It is never shown: printed or written to a file it is hidden.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(pub String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Reads a text. The error of any other value does not show it: a key of digits is a number to TOML.
impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl SecretVisitor {
    fn no_text<E: de::Error>() -> Result<SecretText, E> {
        Err(E::custom("a secret is a text in quotes"))
    }
}

impl Visitor<'_> for SecretVisitor {
    type Value = SecretText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretText, E> {
        Ok(SecretText(text.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretText, E> {
        Self::no_text()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretText, E> {
        Self::no_text()
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<SecretText, E> {
        Self::no_text()
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<SecretText, E> {
        Self::no_text()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretText, E> {
        Self::no_text()
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

impl FromStr for SecretText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// A STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IceServerEntry {
    /// Its addresses, such as `turn:turn.example.com:3478`.
    pub urls: Vec<String>,
    /// The user name of a TURN server that has fixed credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The credential that belongs to it. Whoever may watch is given both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<SecretText>,
    /// The secret that a TURN server shares with this one (coturn: `static-auth-secret`). Clients are given
    /// credentials made of it that expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretText>,
}

impl FromStr for IceServerEntry {
    type Err = Infallible;

    fn from_str(url: &str) -> Result<Self, Infallible> {
        Ok(Self { urls: vec![url.to_owned()], username: None, credential: None, secret: None })
    }
}

pub(super) fn parse_room(text: &str) -> Result<RoomName, InvalidName> {
    RoomName::parse(text)
}

/// The words of `--publish-open`. The parser knows them, so that it can say which one was meant.
pub(super) fn open_words() -> impl TypedValueParser<Value = PublishOpen> {
    PossibleValuesParser::new(["all", "loopback", "none"]).map(|word| match word.as_str() {
        "all" => PublishOpen::All,
        "loopback" => PublishOpen::Loopback,
        _ => PublishOpen::None,
    })
}

/// Where the certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// No HTTPS.
    Off,
    /// An ACME server.
    Auto,
    /// The server's own authority.
    Local,
    /// Files.
    Files,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One object of JSON a line.
    Json,
}

/// An address that others have for this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum PublicIp {
    /// As a STUN server tells.
    Auto,
    /// This one.
    Ip(IpAddr),
}

impl FromStr for PublicIp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Ip).map_err(|_| "it is an address, as 203.0.113.7, or auto".into())
    }
}

impl TryFrom<String> for PublicIp {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PublicIp> for String {
    fn from(ip: PublicIp) -> Self {
        match ip {
            PublicIp::Auto => "auto".into(),
            PublicIp::Ip(ip) => ip.to_string(),
        }
    }
}

/// The words of `--tls`.
pub(super) fn tls_words() -> impl TypedValueParser<Value = TlsMode> {
    PossibleValuesParser::new(["off", "auto", "local", "files"]).map(|word| match word.as_str() {
        "auto" => TlsMode::Auto,
        "local" => TlsMode::Local,
        "files" => TlsMode::Files,
        _ => TlsMode::Off,
    })
}

pub(super) fn log_format_words() -> impl TypedValueParser<Value = LogFormat> {
    PossibleValuesParser::new(["human", "json"]).map(|word| match word.as_str() {
        "json" => LogFormat::Json,
        _ => LogFormat::Human,
    })
}

/// Who has rooms recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordRooms {
    /// Its host, and the operator.
    Host,
    /// Every broadcast is recorded.
    Always,
    /// The operator alone.
    Operator,
}

impl From<RecordRooms> for auth::RecordPolicy {
    fn from(rooms: RecordRooms) -> Self {
        match rooms {
            RecordRooms::Host => Self::Host,
            RecordRooms::Always => Self::Always,
            RecordRooms::Operator => Self::Operator,
        }
    }
}

/// The words of `--record`.
pub(super) fn record_words() -> impl TypedValueParser<Value = RecordRooms> {
    PossibleValuesParser::new(["host", "always", "operator"]).map(|word| match word.as_str() {
        "always" => RecordRooms::Always,
        "operator" => RecordRooms::Operator,
        _ => RecordRooms::Host,
    })
}

/// The kind of files where the codec leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordFormat {
    /// MP4.
    Mp4,
    /// WebM.
    Webm,
}

impl From<RecordFormat> for record::Format {
    fn from(format: RecordFormat) -> Self {
        match format {
            RecordFormat::Mp4 => Self::Mp4,
            RecordFormat::Webm => Self::WebM,
        }
    }
}

/// The words of `--record-format`.
pub(super) fn record_format_words() -> impl TypedValueParser<Value = RecordFormat> {
    PossibleValuesParser::new(["mp4", "webm"])
        .map(|word| if word == "webm" { RecordFormat::Webm } else { RecordFormat::Mp4 })
}

/// The video codec that pages of hosts send unless their host chose one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PageCodec {
    /// H264 where rooms can be watched as HLS or every recording is MP4, else VP8.
    #[default]
    Auto,
    /// VP8.
    Vp8,
    /// H264.
    H264,
    /// VP9.
    Vp9,
    /// AV1.
    Av1,
}

impl PageCodec {
    /// As browsers call it; none for [`Self::Auto`].
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Vp8 => Some("VP8"),
            Self::H264 => Some("H264"),
            Self::Vp9 => Some("VP9"),
            Self::Av1 => Some("AV1"),
        }
    }
}

/// The words of `--host-codec`.
pub(super) fn page_codec_words() -> impl TypedValueParser<Value = PageCodec> {
    PossibleValuesParser::new(["auto", "vp8", "h264", "vp9", "av1"]).map(|word| {
        match word.as_str() {
            "vp8" => PageCodec::Vp8,
            "h264" => PageCodec::H264,
            "vp9" => PageCodec::Vp9,
            "av1" => PageCodec::Av1,
            _ => PageCodec::Auto,
        }
    })
}

/// Which simulcast layers of a host are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordLayers {
    /// The best one there is.
    Best,
    /// The others as well.
    All,
}

impl From<RecordLayers> for record::Layers {
    fn from(layers: RecordLayers) -> Self {
        match layers {
            RecordLayers::Best => Self::Best,
            RecordLayers::All => Self::All,
        }
    }
}

/// The words of `--record-layers`.
pub(super) fn record_layers_words() -> impl TypedValueParser<Value = RecordLayers> {
    PossibleValuesParser::new(["best", "all"])
        .map(|word| if word == "all" { RecordLayers::All } else { RecordLayers::Best })
}

/// Who makes clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Clips {
    /// Whoever may watch.
    Everybody,
    /// Whoever may publish.
    Hosts,
    /// Nobody.
    Nobody,
}

/// The words of `--clips`.
pub(super) fn clips_words() -> impl TypedValueParser<Value = Clips> {
    PossibleValuesParser::new(["everybody", "hosts", "nobody"]).map(|word| match word.as_str() {
        "hosts" => Clips::Hosts,
        "nobody" => Clips::Nobody,
        _ => Clips::Everybody,
    })
}

/// `on` or `off`.
pub(super) fn switch_words() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["on", "off"]).map(|word| word == "on")
}

/// A network, or an address alone.
pub(super) fn parse_network(text: &str) -> Result<IpNet, String> {
    let ip = text.parse::<IpAddr>().map(IpNet::from);
    ip.or_else(|_| text.parse()).map_err(|_| "it is an address or a network, as 10.0.0.0/8".into())
}
