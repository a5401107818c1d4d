//! The list of all knobs. The first lines of each are its `--help`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use auth::{IpNet, PublishOpen};
use control::limits as control;
use protocol::RoomName;

use super::overlay::knobs;
use super::values::{
    Clips, IceServerEntry, LogFormat, PageCodec, PublicIp, RecordFormat, RecordLayers, RecordRooms,
    SecretText, TlsMode, clips_words, log_format_words, open_words, page_codec_words,
    parse_network, parse_room, record_format_words, record_layers_words, record_words,
    switch_words, tls_words,
};
use crate::limits;

knobs! {
    /// What the server runs with.
    Config, ConfigOverlay {
        /// TCP address of pages and signalling; [::] is every address of both families [default: [::]:3000; [::]:443 with
        /// --tls auto]
        listen: [SocketAddr] = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 3000),
            (long, value_name = "ADDR:PORT", env = "KAIBO_LISTEN");
        /// Address that others have for this server, of the NAT or container host in front: announced for media, and in
        /// links; may be repeated. auto asks a STUN server, which --ice-server names
        public_ips: [Vec<PublicIp>] = Vec::new(),
            (long = "public-ip", value_name = "IP", env = "KAIBO_PUBLIC_IP", value_delimiter = ',');
        /// Data folder; kaibo.toml in it is read [default: data]
        data: [PathBuf] = "data".into(),
            (long, value_name = "DIR", env = "KAIBO_DATA");
        /// Room of pages that name none [default: default]
        default_room: [RoomName] = RoomName::parse("default").expect("it has letters only"),
            (long, value_name = "ROOM", env = "KAIBO_DEFAULT_ROOM", value_parser = parse_room);
        /// Host name by which the server is reached, such as live.example.com; may be repeated; * for any. Its own
        /// addresses, its own name and localhost need not be named
        allow_hosts: [Vec<String>] = Vec::new(),
            (long = "allow-host", value_name = "NAME", env = "KAIBO_ALLOW_HOST", value_delimiter = ',');
        /// Path below which a proxy serves this server, such as /live, whether it passes the path on or takes it away;
        /// a proxy that takes it away may say it in X-Forwarded-Prefix instead
        base_path: [String] = String::new(),
            (long, value_name = "PATH", env = "KAIBO_BASE_PATH");
        /// Origin of other web pages that may publish and watch, such as https://example.com; may be repeated; * for any
        allow_origins: [Vec<String>] = Vec::new(),
            (long = "allow-origin", value_name = "ORIGIN", env = "KAIBO_ALLOW_ORIGIN", value_delimiter = ',');
        /// Origin of web pages that may show the embed of a room (/embed/ROOM), such as https://example.com or
        /// https://*.example.com; may be repeated; * for any page, none for none but ours [default: *]
        embed_origins: [Vec<String>] = vec!["*".into()],
            (long = "embed-origin", value_name = "ORIGIN", env = "KAIBO_EMBED_ORIGIN", value_delimiter = ',');
        /// Network of proxies whose X-Forwarded-For and Forwarded are believed, such as 10.0.0.0/8; may be repeated
        /// [default: 127.0.0.0/8, ::1/128]
        trust_proxies: [Vec<IpNet>] = loopback(),
            (long = "trust-proxy", value_name = "CIDR", env = "KAIBO_TRUST_PROXY", value_delimiter = ',',
             value_parser = parse_network);
        /// Network without limits by network, such as that of an office behind one address; may be repeated
        trust_networks: [Vec<IpNet>] = Vec::new(),
            (long = "trust-network", value_name = "CIDR", env = "KAIBO_TRUST_NETWORK", value_delimiter = ',',
             value_parser = parse_network);
        /// STUN server to hand to pages and players, such as stun:stun.example.com:3478; may be repeated. TURN
        /// servers, which need a secret, are named in the file
        ice_servers: [Vec<IceServerEntry>] = Vec::new(),
            (long = "ice-server", value_name = "URL", env = "KAIBO_ICE_SERVER", value_delimiter = ',');
        /// Most viewers of one room [default: 1000]
        max_viewers: [usize] = control::MAX_VIEWERS,
            (long, value_name = "N", env = "KAIBO_MAX_VIEWERS");
        /// Time for a host whose page was closed, or whose media stopped, to go on with the broadcast, in seconds
        /// [default: 90]
        host_grace: [u32] = u32::try_from(control::HOST_GRACE.as_secs()).unwrap_or(u32::MAX),
            (long, value_name = "SECONDS", env = "KAIBO_HOST_GRACE");
        /// Most media connections of the server, hosts and viewers [default: 2000]
        max_peers: [usize] = control::MAX_PEERS,
            (long, value_name = "N", env = "KAIBO_MAX_PEERS");
        /// Most that a host should send, in kbit/s: above it the host is told, above twice as much packets are dropped
        /// [default: 0, no limit but 50 Mbit/s]
        max_publish_kbps: [u32] = 0,
            (long, value_name = "KBPS", env = "KAIBO_MAX_PUBLISH_KBPS");
        /// What to log, such as info or server=debug [default: info]
        log: [String] = "info".into(),
            (long, value_name = "FILTER", env = "KAIBO_LOG");
        /// How the log is written: human, or json for one object a line [default: human]
        log_format: [LogFormat] = LogFormat::Human,
            (long, value_name = "FORMAT", env = "KAIBO_LOG_FORMAT", value_parser = log_format_words());
        /// Whether addresses and networks of clients are in the log: on or off [default: on]
        log_addresses: [bool] = true,
            (long, value_name = "SWITCH", env = "KAIBO_LOG_ADDRESSES", value_parser = switch_words(),
             action = clap::ArgAction::Set);
        ? /// UDP port of all media [default: the number of the TCP port]
        udp_port: [u16],
            (long, value_name = "PORT", env = "KAIBO_UDP_PORT");
        ? /// Media threads [default: one for each core, up to 16]
        media_workers: [usize],
            (long, value_name = "N", env = "KAIBO_MEDIA_WORKERS");
        > /// The `[publish]` table.
        publish: Publish, PublishOverlay;
        > /// The `[auth]` table.
        auth: AuthServices, AuthServicesOverlay;
        > /// The `[tls]` table.
        tls: Tls, TlsOverlay;
        > /// The `[metrics]` table.
        metrics: Metrics, MetricsOverlay;
        > /// The `[webhooks]` table.
        webhooks: WebhookSettings, WebhooksOverlay;
        > /// The `[record]` table.
        record: Record, RecordOverlay;
        > /// The `[limits]` table.
        limits: Limits, LimitsOverlay;
    }
}

knobs! {
    /// Who may publish.
    Publish, PublishOverlay {
        /// Video codec that pages of hosts send unless their host chose one: auto (h264 where rooms can be watched as HLS
        /// or every broadcast is recorded as MP4, else vp8), vp8, h264, vp9 or av1 [default: auto]
        codec: [PageCodec] = PageCodec::Auto,
            (id = "host_codec", long = "host-codec", value_name = "CODEC", env = "KAIBO_HOST_CODEC",
             value_parser = page_codec_words());
        ? /// Who may publish without a key: all, loopback (programs of this machine) or none [default: loopback; none
        /// when there is a key]
        open: [PublishOpen],
            (long = "publish-open", value_name = "WHO", env = "KAIBO_PUBLISH_OPEN", value_parser = open_words());
        ? /// Key that lets anyone publish, 16 characters or more. Better in the environment: others can read the
        /// command line
        key: [SecretText],
            (long = "publish-key", value_name = "KEY", env = "KAIBO_PUBLISH_KEY", hide_env_values = true);
    }
}

knobs! {
    /// Who else says who may enter.
    AuthServices, AuthServicesOverlay {
        /// Algorithm of the identity provider's tokens: RS256, ES256 or EdDSA; may be repeated [default: all three]
        algorithms: [Vec<String>] = vec!["RS256".into(), "ES256".into(), "EdDSA".into()],
            (long = "auth-algorithm", value_name = "ALG", env = "KAIBO_AUTH_ALGORITHM", value_delimiter = ',');
        ? /// URL of a service that decides where no key, password, invitation or token gives the right: it is asked by POST
        /// as MediaMTX asks (authHTTPAddress), and says yes by a status of 20x
        http: [String],
            (long = "auth-http", value_name = "URL", env = "KAIBO_AUTH_HTTP");
        ? /// URL of the JWK set of an identity provider, whose tokens let people in
        jwks: [String],
            (long = "auth-jwks", value_name = "URL", env = "KAIBO_AUTH_JWKS");
        ? /// Issuer (iss) that tokens of the identity provider have to name
        issuer: [String],
            (long = "auth-issuer", value_name = "ISS", env = "KAIBO_AUTH_ISSUER");
        ? /// Audience (aud) that tokens of the identity provider have to name
        audience: [String],
            (long = "auth-audience", value_name = "AUD", env = "KAIBO_AUTH_AUDIENCE");
    }
}

knobs! {
    /// HTTPS.
    Tls, TlsOverlay {
        /// Public name of the server, such as live.example.com, for which it gets a certificate; may be repeated. With
        /// --tls auto and no name the certificate is for the public address
        domains: [Vec<String>] = Vec::new(),
            (long = "domain", value_name = "NAME", env = "KAIBO_DOMAIN", value_delimiter = ',');
        /// ACME server of --tls auto: letsencrypt, staging (Let's Encrypt's test server, which browsers do not trust) or
        /// the URL of a directory [default: letsencrypt]
        acme: [String] = "letsencrypt".into(),
            (long = "acme", value_name = "CA", env = "KAIBO_ACME");
        ? /// Where the certificate comes from: off (no HTTPS), auto (an ACME server, Let's Encrypt by default), local (an
        /// authority of this server, which devices are taught to trust) or files [default: auto with --domain, files
        /// with --tls-cert, else off]
        mode: [TlsMode],
            (long = "tls", value_name = "MODE", env = "KAIBO_TLS", value_parser = tls_words());
        ? /// Certificate chain in PEM form; it is loaded again when the file changes
        cert: [PathBuf],
            (long = "tls-cert", value_name = "FILE", env = "KAIBO_TLS_CERT");
        ? /// Private key of the certificate in PEM form, which other users cannot read
        key: [PathBuf],
            (id = "tls_key", long = "tls-key", value_name = "FILE", env = "KAIBO_TLS_KEY");
        ? /// Mail address that the ACME server writes to about certificates
        acme_contact: [String],
            (long = "acme-contact", value_name = "MAIL", env = "KAIBO_ACME_CONTACT");
        ? /// PEM file of the root that the ACME server's own certificate leads to, for a private one
        acme_root: [PathBuf],
            (long = "acme-root", value_name = "FILE", env = "KAIBO_ACME_ROOT");
        ? /// Profile of the certificates that the ACME server is asked for [default: shortlived for addresses]
        acme_profile: [String],
            (long = "acme-profile", value_name = "NAME", env = "KAIBO_ACME_PROFILE");
        ? /// TCP port of plain HTTP beside HTTPS, which leads to it and answers the ACME server; 0 for none [default: 80
        /// with --tls auto, else none]
        http_port: [u16],
            (long = "http-port", value_name = "PORT", env = "KAIBO_HTTP_PORT");
    }
}

knobs! {
    /// Metrics for Prometheus. The operator reads them at /metrics of the port of pages, too.
    Metrics, MetricsOverlay {
        ? /// TCP address at which anybody reads /metrics without a key, such as 127.0.0.1:9464 [default: none]
        listen: [SocketAddr],
            (id = "metrics_listen", long = "metrics-listen", value_name = "ADDR:PORT", env = "KAIBO_METRICS_LISTEN");
        ? /// Token with which a program reads /metrics at the port of pages, 16 characters or more, and does nothing
        /// else
        token: [SecretText],
            (long = "metrics-token", value_name = "TOKEN", env = "KAIBO_METRICS_TOKEN", hide_env_values = true);
    }
}

knobs! {
    /// Whom webhooks may tell.
    WebhookSettings, WebhooksOverlay {
        /// Host that webhooks may call though its address is not of the internet, such as hook.lan or 10.0.0.7; may be
        /// repeated
        allow: [Vec<String>] = Vec::new(),
            (id = "webhook_allow", long = "webhook-allow", value_name = "HOST", env = "KAIBO_WEBHOOK_ALLOW",
             value_delimiter = ',');
    }
}

knobs! {
    /// What is kept of broadcasts.
    Record, RecordOverlay {
        /// Who has rooms recorded: host (its host by a button, and the operator), always (every broadcast is) or
        /// operator (the operator alone); rooms may be set up otherwise [default: host]
        rooms: [RecordRooms] = RecordRooms::Host,
            (id = "record_rooms", long = "record", value_name = "WHO", env = "KAIBO_RECORD",
             value_parser = record_words());
        /// Kind of files where the codec leaves a choice: mp4 or webm; VP8 is always webm [default: mp4]
        format: [RecordFormat] = RecordFormat::Mp4,
            (id = "record_format", long = "record-format", value_name = "FORMAT", env = "KAIBO_RECORD_FORMAT",
             value_parser = record_format_words());
        /// Which simulcast layers of a host: best, or all (each other one in files of its own) [default: best]
        layers: [RecordLayers] = RecordLayers::Best,
            (id = "record_layers", long = "record-layers", value_name = "LAYERS", env = "KAIBO_RECORD_LAYERS",
             value_parser = record_layers_words());
        /// Whether a file of a recording stays in the data folder when the object store has it: on or off [default:
        /// off]
        keep_copy: [bool] = false,
            (id = "record_keep_copy", long = "record-keep-copy", value_name = "SWITCH", env = "KAIBO_RECORD_KEEP_COPY",
             value_parser = switch_words(), action = clap::ArgAction::Set);
        /// Days after which recordings are deleted [default: 0, never]
        keep_days: [u32] = 0,
            (id = "record_keep_days", long = "record-keep-days", value_name = "DAYS", env = "KAIBO_RECORD_KEEP_DAYS");
        /// Most space of all recordings in GiB: beyond it the oldest are deleted [default: 0, no limit]
        max_gib: [u32] = 0,
            (id = "record_max_gib", long = "record-max-gib", value_name = "GIB", env = "KAIBO_RECORD_MAX_GIB");
        /// Space of the disk that is left free, in MiB: a recording ends before [default: 1024]
        min_free_mib: [u64] = limits::MIN_FREE_MIB,
            (id = "record_min_free_mib", long = "record-min-free-mib", value_name = "MIB",
             env = "KAIBO_RECORD_MIN_FREE_MIB");
        /// How far fans can go back in a broadcast, and of how much clips can be, in minutes; 0 for not at all
        /// [default: 30]
        rewind_minutes: [u32] = limits::REWIND_MINUTES,
            (id = "rewind", long = "rewind", value_name = "MINUTES", env = "KAIBO_REWIND");
        /// Most space of that past of one room, in MiB [default: 1024]
        room_past_mib: [u64] = limits::ROOM_PAST_MIB,
            (id = "rewind_room_mib", long = "rewind-room-mib", value_name = "MIB", env = "KAIBO_REWIND_ROOM_MIB");
        /// Most space of the past of all rooms, in MiB [default: 8192]
        past_mib: [u64] = limits::PAST_MIB,
            (id = "rewind_mib", long = "rewind-mib", value_name = "MIB", env = "KAIBO_REWIND_MIB");
        /// Whether rooms can be watched as HLS, delayed by a second or two, where WebRTC does not reach: on or off
        /// [default: on]
        hls: [bool] = true,
            (id = "hls", long = "hls", value_name = "SWITCH", env = "KAIBO_HLS", value_parser = switch_words(),
             action = clap::ArgAction::Set);
        /// Who makes clips: everybody (who may watch), hosts or nobody [default: everybody]
        clips: [Clips] = Clips::Everybody,
            (id = "clips", long = "clips", value_name = "WHO", env = "KAIBO_CLIPS", value_parser = clips_words());
        ? /// Object store that recordings go to while they are made, such as s3://BUCKET/FOLDER; what is not named here
        /// is asked of the usual AWS_... variables [default: none, the data folder alone]
        to: [String],
            (id = "record_to", long = "record-to", value_name = "URL", env = "KAIBO_RECORD_TO");
        ? /// Address of an object store that is not of AWS, such as https://s3.example.com
        s3_endpoint: [String],
            (long = "s3-endpoint", value_name = "URL", env = "KAIBO_S3_ENDPOINT");
        ? /// Region of the object store
        s3_region: [String],
            (long = "s3-region", value_name = "NAME", env = "KAIBO_S3_REGION");
        ? /// Id of the key to the object store
        s3_key_id: [String],
            (long = "s3-key-id", value_name = "ID", env = "KAIBO_S3_KEY_ID");
        ? /// Secret of the key to the object store
        s3_secret: [SecretText],
            (long = "s3-secret", value_name = "SECRET", env = "KAIBO_S3_SECRET", hide_env_values = true);
    }
}

knobs! {
    /// Bounds that keep one network, or a crowd, from taking what others need.
    Limits, LimitsOverlay {
        /// Most TCP connections [default: 10000]
        connections: [usize] = limits::CONNECTIONS,
            (long = "max-connections", value_name = "N", env = "KAIBO_MAX_CONNECTIONS");
        /// Most TCP connections of one network: an IPv4 address or an IPv6 /64 [default: 256]
        connections_per_network: [usize] = limits::CONNECTIONS_PER_NETWORK,
            (long = "max-connections-per-network", value_name = "N", env = "KAIBO_MAX_CONNECTIONS_PER_NETWORK");
        /// Most WebSockets of one network [default: 200]
        sockets_per_network: [usize] = control::SOCKETS_PER_NETWORK,
            (long = "max-sockets-per-network", value_name = "N", env = "KAIBO_MAX_SOCKETS_PER_NETWORK");
        /// Most sessions of one network, and most media connections of one [default: 400]
        sessions_per_network: [usize] = control::SESSIONS_PER_NETWORK,
            (long = "max-sessions-per-network", value_name = "N", env = "KAIBO_MAX_SESSIONS_PER_NETWORK");
        /// Joins of one network a second, in the long run [default: 20]
        joins_per_second: [u32] = control::JOINS_PER_SECOND,
            (long = "joins-per-second", value_name = "N", env = "KAIBO_JOINS_PER_SECOND");
        /// Joins of one network at once [default: 200]
        joins_burst: [u32] = control::JOINS_BURST,
            (long = "joins-burst", value_name = "N", env = "KAIBO_JOINS_BURST");
        /// Joins of all networks a second [default: 500]
        joins_per_second_in_all: [u32] = control::JOINS_PER_SECOND_IN_ALL,
            (long = "joins-per-second-in-all", value_name = "N", env = "KAIBO_JOINS_PER_SECOND_IN_ALL");
    }
}

/// A proxy on the same machine, which is the most common one.
fn loopback() -> Vec<IpNet> {
    vec![
        IpNet::new_assert(Ipv4Addr::new(127, 0, 0, 0).into(), 8),
        IpNet::new_assert(Ipv6Addr::LOCALHOST.into(), 128),
    ]
}
