//! The options of a run.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;

use synth::media::VideoCodec;
use synth::socket::Transport;
use synth::udp::Receivers;

/// What stands for a room's name in an address.
pub(crate) const ROOM: &str = "{room}";

/// How long a broadcast has been there, at the least, for viewers to go back in it.
const LEAST_PAST: Duration = Duration::from_secs(10);

/// The options of a run. The default is a hundred viewers of one room on this machine.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server to measure.
    pub target: Target,
    /// The key or token that lets a publisher in.
    pub token: Option<String>,
    /// Rooms, each with a publisher.
    pub rooms: usize,
    /// Viewers of all rooms together.
    pub viewers: usize,
    /// More viewers, who go back to somewhere in the broadcast when half of the time is over.
    pub rewinding: usize,
    /// Whether the rooms are recorded from when half of the time is over.
    pub record: bool,
    /// Joins per second.
    pub rate: f64,
    /// How long is measured, from when all have joined; with [`Self::has_halves`] twice.
    pub duration: Duration,
    /// A recorded file that publishers send again and again, in place of pictures and sound that are made up. It tells its
    /// bit rate, frames per second, sound and codec.
    pub file: Option<PathBuf>,
    /// Of a publisher's video, in kbit/s.
    pub video_bitrate: u64,
    /// Frames per second.
    pub fps: u32,
    /// Whether publishers send sound.
    pub audio: bool,
    /// The codec that payloads imitate.
    pub codec: VideoCodec,
    /// How media travels to viewers; publishers send over UDP.
    pub transport: Transport,
    /// How clients receive.
    pub receivers: Receivers,
    /// Threads that viewers run on.
    pub threads: usize,
    /// The server's process, to be measured.
    pub pid: Option<u32>,
    /// Percent of incoming packets that viewers lose on purpose.
    pub loss: f64,
    /// Allows servers outside this machine and private networks.
    pub own_server: bool,
}

/// The server to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Kaibo's own protocol: `ws://host:port/ws`.
    Ws(String),
    /// WHIP (RFC 9725) to publish, and WHEP to watch.
    Whip {
        /// Where publishers post their offers.
        publish: String,
        /// Where viewers post theirs.
        watch: Option<String>,
    },
}

impl Default for Options {
    fn default() -> Self {
        Self {
            target: Target::Ws("ws://127.0.0.1:3000/ws".into()),
            token: None,
            rooms: 1,
            viewers: 100,
            rewinding: 0,
            record: false,
            rate: 50.0,
            duration: Duration::from_secs(20),
            file: None,
            video_bitrate: 2_500,
            fps: 30,
            audio: true,
            codec: VideoCodec::Vp8,
            transport: Transport::Udp,
            receivers: Receivers::Gro,
            threads: 1,
            pid: None,
            loss: 0.0,
            own_server: false,
        }
    }
}

/// What is wrong with the options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// A number outside its bounds.
    #[error("--{option} must be {bounds}")]
    OutOfRange {
        /// The option's name.
        option: &'static str,
        /// What it may be.
        bounds: &'static str,
    },
    /// An address that cannot be read.
    #[error("{url:?} is not an address such as {example}")]
    BadUrl {
        /// What was given.
        url: String,
        /// What was expected.
        example: &'static str,
    },
    /// TLS is not spoken.
    #[error(
        "{url:?}: only {plain} is spoken; point the load at the server itself, behind the TLS proxy"
    )]
    Tls {
        /// What was given.
        url: String,
        /// The scheme that works.
        plain: &'static str,
    },
    /// What only Kaibo's own protocol has.
    #[error("--{option} is of Kaibo's own protocol: say --url, not --whip")]
    OnlyKaibo {
        /// The option's name.
        option: &'static str,
    },
    /// Viewers without a place to watch.
    #[error("viewers of a WHIP server need --whep URL; or say --viewers 0")]
    NoWhep,
    /// Many rooms at one address.
    #[error("with --rooms above 1 the address needs {ROOM} in it: {url:?}")]
    NoRoomInUrl {
        /// What was given.
        url: String,
    },
    /// A server of somebody else, as far as can be told.
    #[error(
        "{address} is neither this machine nor a private network: load on a server of others is an \
         attack; if it is yours, say --yes-i-own-this-server"
    )]
    NotOurs {
        /// Where it would have gone.
        address: IpAddr,
    },
}

impl Options {
    /// Checks what can be checked without the network.
    ///
    /// # Errors
    /// With the option's name and what it may be.
    pub fn check(&self) -> Result<(), OptionError> {
        let range = |holds: bool, option, bounds| {
            if holds { Ok(()) } else { Err(OptionError::OutOfRange { option, bounds }) }
        };
        range((1..=1_000).contains(&self.rooms), "rooms", "from 1 to 1000")?;
        range(self.viewers <= 100_000, "viewers", "at most 100000")?;
        range(self.rewinding <= 100_000, "rewinding", "at most 100000")?;
        range((0.1..=100_000.0).contains(&self.rate), "rate", "from 0.1 to 100000 joins a second")?;
        let least = if self.rewinding > 0 { LEAST_PAST } else { Duration::from_secs(1) };
        range(
            self.duration >= least,
            "duration",
            "10 seconds or more with --rewinding, else 1 or more",
        )?;
        range(self.duration <= Duration::from_secs(86_400), "duration", "at most 86400 seconds")?;
        range(
            (50..=100_000).contains(&self.video_bitrate),
            "video-bitrate",
            "from 50 to 100000 kbit/s",
        )?;
        range((1..=240).contains(&self.fps), "fps", "from 1 to 240")?;
        range((1..=64).contains(&self.threads), "threads", "from 1 to 64")?;
        range((0.0..=90.0).contains(&self.loss), "loss", "from 0 to 90 percent")?;
        match &self.target {
            Target::Ws(url) => _ = parse(url, "ws", "wss", "ws://127.0.0.1:3000/ws")?,
            Target::Whip { .. } if self.rewinding > 0 => {
                return Err(OptionError::OnlyKaibo { option: "rewinding" });
            }
            Target::Whip { .. } if self.record => {
                return Err(OptionError::OnlyKaibo { option: "record" });
            }
            Target::Whip { publish, watch } => {
                if self.viewers > 0 && watch.is_none() {
                    return Err(OptionError::NoWhep);
                }
                for url in [Some(publish), watch.as_ref()].into_iter().flatten() {
                    parse(url, "http", "https", "http://127.0.0.1:8080/whip")?;
                    if self.rooms > 1 && !url.contains(ROOM) {
                        return Err(OptionError::NoRoomInUrl { url: url.clone() });
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether something changes when half of the time is over, and both halves are measured.
    pub(crate) fn has_halves(&self) -> bool {
        self.rewinding > 0 || self.record
    }

    /// Viewers of both kinds.
    pub(crate) fn everybody(&self) -> usize {
        self.viewers + self.rewinding
    }

    /// Whether load may go to this address.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        self.own_server || is_near(address)
    }
}

/// Reads an address of the given scheme.
fn parse(
    url: &str,
    plain: &'static str,
    tls: &str,
    example: &'static str,
) -> Result<Uri, OptionError> {
    let bad = || OptionError::BadUrl { url: url.to_owned(), example };
    let uri: Uri = url.replace(ROOM, "room").parse().map_err(|_| bad())?;
    let scheme = uri.scheme_str().ok_or_else(bad)?;
    if scheme == tls {
        let plain = if plain == "ws" { "ws://" } else { "http://" };
        return Err(OptionError::Tls { url: url.to_owned(), plain });
    }
    if scheme != plain || uri.host().is_none_or(str::is_empty) {
        return Err(bad());
    }
    Ok(uri)
}

/// Whether an address is this machine's or of a network that nobody else reaches.
pub(crate) fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_near(ip.into()),
            None => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Options)) -> Result<(), OptionError> {
        let mut options = Options::default();
        change(&mut options);
        options.check()
    }

    fn whip(publish: &str, watch: Option<&str>) -> Target {
        Target::Whip { publish: publish.into(), watch: watch.map(Into::into) }
    }

    #[test]
    fn the_defaults_are_fine() {
        with(|_| {}).unwrap();
    }

    #[test]
    fn what_is_wrong_is_told_by_the_options_name() {
        let told = |change: fn(&mut Options), part: &str| {
            let error = with(change).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        told(|it| it.rooms = 0, "--rooms");
        told(|it| it.rate = f64::NAN, "--rate");
        told(|it| it.duration = Duration::ZERO, "--duration");
        told(|it| (it.rewinding, it.duration) = (1, Duration::from_secs(9)), "10 seconds");
        told(|it| (it.rewinding, it.target) = (1, whip("http://localhost/whip", None)), "--url");
        told(|it| (it.record, it.target) = (true, whip("http://localhost/whip", None)), "--record");
        told(|it| it.fps = 0, "--fps");
        told(|it| it.threads = 0, "--threads");
        told(|it| it.loss = 100.0, "--loss");
        told(|it| it.video_bitrate = 1, "--video-bitrate");
        told(|it| it.target = Target::Ws("localhost:3000".into()), "ws://127.0.0.1:3000/ws");
        told(|it| it.target = Target::Ws("wss://localhost/ws".into()), "only ws://");
        told(|it| it.target = whip("https://localhost/whip", None), "--whep");
        told(|it| it.target = whip("http://localhost/whip", Some("https://x/y")), "only http://");
    }

    #[test]
    fn many_rooms_need_many_addresses() {
        let many = |publish: &str, watch: &str| {
            with(|it| (it.rooms, it.target) = (2, whip(publish, Some(watch))))
        };
        many("http://localhost/whip/{room}", "http://localhost/whep/{room}").unwrap();
        let error = many("http://localhost/whip", "http://localhost/whep/{room}").unwrap_err();
        assert!(error.to_string().contains("{room}"), "{error}");
    }

    #[test]
    fn strangers_servers_are_left_alone() {
        let near = ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "fd00::1", "::ffff:10.0.0.1"];
        let far = ["192.0.2.1", "2001:db8::1", "8.8.8.8", "::ffff:8.8.8.8", "172.32.0.1"];
        let options = Options::default();
        assert!(near.iter().all(|it| options.allows(it.parse().unwrap())));
        assert!(!far.iter().any(|it| options.allows(it.parse().unwrap())));
        let owned = Options { own_server: true, ..options };
        assert!(owned.allows(far[0].parse().unwrap()));
    }
}
