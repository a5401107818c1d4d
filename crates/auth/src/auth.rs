//! Who a client is and what it may do: the answers of every door.

mod rights;
mod settings;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri, Version};
use ipnet::IpNet;

use self::rights::Tell;
use self::settings::Settings;
use crate::credential::{Credential, Denied, WrongSecret};
use crate::host::HostRefused;
use crate::origin::OriginRefused;
use crate::own_machine::{OwnPort, Proof};
use crate::passes::PassKey;
use crate::rooms::Rooms;
use crate::tickets::Tickets;
use crate::wrong_secrets::{Guess, Wrong, WrongSecrets};
use crate::{ClientAddr, Config, PublishOpen, Secret, SecretKind, forwarded};

/// How clients reach the server without a proxy.
#[derive(Debug, Clone, Default)]
pub struct OwnAddresses {
    /// The TCP port it listens on.
    pub port: u16,
    /// The names of its machine.
    pub names: Vec<String>,
}

/// How a request came to the server.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    /// The other end of the connection.
    pub peer: IpAddr,
    /// The version of HTTP.
    pub version: Version,
    /// Whether the connection has TLS of this server.
    pub is_tls: bool,
}

/// The one place that knows clients and their rights. Clones are the same.
#[derive(Debug, Clone)]
pub struct Auth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How and when to tell what was used.
    told: OnceLock<Tell>,
    /// Signs passes; none are issued without it.
    pass_key: OnceLock<PassKey>,
    /// Written when the operator changes them; held for a few instructions, never across an await.
    settings: RwLock<Arc<Settings>>,
    port: u16,
    /// The names of this machine.
    names: Vec<String>,
    /// Held for a few instructions, never across an await.
    wrong: Mutex<WrongSecrets>,
    /// Held likewise.
    tickets: Mutex<Tickets>,
    /// Held likewise.
    rooms: Mutex<Rooms>,
    /// The keys that sign tokens, by id. Held likewise.
    token_keys: Mutex<HashSet<String>>,
    has_warned: AtomicBool,
}

impl Auth {
    /// One for the process.
    pub fn new(config: Config, own: OwnAddresses) -> Self {
        let OwnAddresses { port, names } = own;
        Self(Arc::new(Inner {
            told: OnceLock::new(),
            pass_key: OnceLock::new(),
            settings: RwLock::new(Arc::new(Settings::new(config, &names))),
            port,
            names,
            wrong: Mutex::default(),
            tickets: Mutex::default(),
            rooms: Mutex::default(),
            token_keys: Mutex::default(),
            has_warned: AtomicBool::new(false),
        }))
    }

    /// Where a request comes from: its peer, or the client that trusted proxies name.
    pub fn identify(&self, connection: Connection, headers: &HeaderMap) -> ClientAddr {
        let Connection { peer, version, is_tls } = connection;
        let peer = peer.to_canonical();
        let own = OwnPort { port: self.0.port, is_tls };
        let proof = Proof::of(peer, version, headers, own);
        if proof == Proof::Unnamed {
            self.warn_once(headers, version);
        }
        let settings = self.settings();
        let is_proxy = |ip| contains(&settings.trusted_proxies, ip);
        let (ip, is_known) = if is_proxy(peer) && forwarded::is_forwarded(headers) {
            let found = forwarded::client(peer, headers, is_proxy);
            (found.ip, found.is_client)
        } else {
            (peer, true)
        };
        let sender = settings.origins.sender(headers);
        ClientAddr {
            ip,
            is_own_machine: proof == Proof::OwnMachine && sender.may_be_own_machine(),
            is_trusted_network: is_known && contains(&settings.trusted_networks, ip),
        }
    }

    /// Whether a request names a host of ours. It protects from DNS rebinding.
    ///
    /// # Errors
    /// When it names another, none or two.
    pub fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), HostRefused> {
        self.settings().hosts.check(uri, headers)
    }

    /// Whether the page that sends a request may use the server; programs may. `client` is from
    /// [`Self::identify`] of the same request.
    ///
    /// # Errors
    /// When it is a page of an origin that is not allowed.
    pub fn check_origin(
        &self,
        client: &ClientAddr,
        headers: &HeaderMap,
    ) -> Result<(), OriginRefused> {
        let settings = self.settings();
        let sender = settings.origins.sender(headers);
        let is_allowed = settings.origins.is_allowed(sender, client.is_own_machine);
        if is_allowed { Ok(()) } else { Err(OriginRefused::of(headers)) }
    }

    /// The value of `Access-Control-Allow-Origin`: the page's origin when it is allowed, `*` where all are.
    pub fn allowed_origin(&self, client: &ClientAddr, headers: &HeaderMap) -> Option<HeaderValue> {
        if self.settings().origins.is_all() {
            return Some(HeaderValue::from_static("*"));
        }
        let origin = headers.get(ORIGIN)?;
        self.check_origin(client, headers).is_ok().then(|| origin.clone())
    }

    /// Whether this is a trusted proxy's address.
    pub fn is_trusted_proxy(&self, peer: IpAddr) -> bool {
        self.is_proxy(peer.to_canonical())
    }

    /// Whether the client speaks HTTPS with a trusted proxy.
    pub fn is_https(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        self.is_proxy(peer.to_canonical()) && forwarded::is_https(headers)
    }

    /// The path below which a trusted proxy serves us (`X-Forwarded-Prefix`), without a slash at its end.
    pub fn prefix<'a>(&self, peer: IpAddr, headers: &'a HeaderMap) -> Option<&'a str> {
        forwarded::prefix(headers).filter(|_| self.is_proxy(peer.to_canonical()))
    }

    /// Whether a client may see how the server does, and issue tickets: whoever sits at its machine, and whoever has the
    /// key. With `is_ticket_enough` a ticket does as well.
    ///
    /// # Errors
    /// When it may not.
    pub fn may_look(
        &self,
        client: &ClientAddr,
        given: Option<&Secret>,
        is_ticket_enough: bool,
        now: Instant,
    ) -> Result<(), Denied> {
        match given {
            Some(given) if self.is_key(given) => Ok(()),
            Some(given) if is_ticket_enough && self.is_ticket(given, now) => Ok(()),
            _ if client.is_own_machine => Ok(()),
            Some(given) => Err(self.wrong_key(client, given, now)),
            None => Err(Denied::KeyRequired),
        }
    }

    /// Issues a ticket. `random`: 128 bits that nobody can guess.
    pub fn issue_ticket(&self, random: u128, now: Instant) -> Secret {
        self.tickets().issue(random, now)
    }

    /// Whether this is a ticket that is good.
    pub fn is_ticket(&self, given: &Secret, now: Instant) -> bool {
        self.tickets().has(given, now)
    }

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        self.0.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a client that may publish owns the server: it has the key, or is the server's own machine. Where all may
    /// publish a key is not looked at: the answer would tell whether it is right.
    pub fn is_owner(&self, client: &ClientAddr, credential: &Credential) -> bool {
        let open = self.settings().open;
        (client.is_own_machine && open != PublishOpen::None)
            || (open != PublishOpen::All
                && credential.key.as_ref().is_some_and(|key| self.is_key(key)))
    }

    fn wrong_key(&self, client: &ClientAddr, given: &Secret, now: Instant) -> Denied {
        let settings = self.settings();
        let guess = Guess { kind: SecretKind::Key, ours: settings.key.as_ref(), given };
        match self.count_wrong(client, guess, now) {
            Some(retry_after) => Denied::TooManyWrong { retry_after },
            None => Denied::KeyWrong,
        }
    }

    /// Whether this is the publishing key. A wrong one is not counted: the caller asks [`Self::may`] with the same
    /// key afterwards, whatever the answer, and shows a client without the right no difference. Otherwise the key
    /// could be guessed here.
    pub fn is_key(&self, given: &Secret) -> bool {
        self.settings().key.as_ref().is_some_and(|ours| ours.is(given))
    }

    /// Whether a secret is ours. A wrong one is counted, unless it is a repetition; a right one always passes.
    ///
    /// # Errors
    /// When it is another.
    pub fn is_same(
        &self,
        client: &ClientAddr,
        kind: SecretKind,
        ours: &Secret,
        given: &Secret,
        now: Instant,
    ) -> Result<(), WrongSecret> {
        if ours.is(given) {
            return Ok(());
        }
        let guess = Guess { kind, ours: Some(ours), given };
        Err(match self.count_wrong(client, guess, now) {
            Some(retry_after) => WrongSecret::TooMany { retry_after },
            None => WrongSecret::Wrong,
        })
    }

    /// How long a network has to wait before another of its secrets is looked at, where looking costs much.
    pub fn wait_of(&self, client: &ClientAddr, now: Instant) -> Option<Duration> {
        let wrong = self.0.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.wait_of(client.network(), now).filter(|_| !client.is_unlimited())
    }

    /// Counts a secret that the caller has found to be wrong.
    pub fn found_wrong(
        &self,
        client: &ClientAddr,
        kind: SecretKind,
        given: &Secret,
        now: Instant,
    ) -> WrongSecret {
        match self.count_wrong(client, Guess { kind, ours: None, given }, now) {
            Some(retry_after) => WrongSecret::TooMany { retry_after },
            None => WrongSecret::Wrong,
        }
    }

    /// Whether two secrets are one. For people who all have a secret of their own, so that none of them is a guess.
    pub fn are_same(&self, one: &Secret, other: &Secret) -> bool {
        one.is(other)
    }

    /// Counts a wrong secret; how long to wait when the network has sent too many.
    fn count_wrong(&self, client: &ClientAddr, guess: Guess<'_>, now: Instant) -> Option<Duration> {
        let network = client.network();
        let wrong = {
            let mut wrong = self.0.wrong.lock().unwrap_or_else(PoisonError::into_inner);
            wrong.count(network, guess, now)
        };
        let Wrong::Over { retry_after, is_first } = wrong else { return None };
        if is_first {
            tracing::warn!(%network, last = %guess.kind, "too many wrong secrets of one network: refusing its next wrong ones for a minute");
        }
        // The own machine and trusted networks are told every time that the secret is wrong.
        (!client.is_unlimited()).then_some(retry_after)
    }

    fn is_proxy(&self, ip: IpAddr) -> bool {
        contains(&self.settings().trusted_proxies, ip)
    }

    fn warn_once(&self, headers: &HeaderMap, version: Version) {
        if self.0.has_warned.swap(true, Ordering::Relaxed) {
            return;
        }
        let host = headers.get(HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let port = self.0.port;
        tracing::warn!(
            host,
            ?version,
            "a request over loopback does not count as this machine's own: it is not HTTP/1.1 to \
            http://localhost:{port}, or has Connection: upgrade without Upgrade, as proxies send. Use that \
            address, or make the proxy in front set Host, X-Forwarded-For and X-Forwarded-Proto"
        );
    }
}

fn contains(networks: &[IpNet], ip: IpAddr) -> bool {
    networks.iter().any(|it| it.contains(&ip))
}
