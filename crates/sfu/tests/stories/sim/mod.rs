//! A simulated network around the core: real str0m clients, `str0m-netem` on each way, one virtual
//! clock, one seed. Ten minutes pass in seconds, and the same seed gives the same run.

mod client;
mod dtls;
mod host;
mod in_place;
mod scalable;
mod tcp;
mod viewer;

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sfu::{
    Cast, Command, Config, Datagram, Event, Output, PeerId, RemoteAddr, RoomId, Seat, Sfu,
    StreamId, TapPacket, Transmit, WorkerMessage,
};
use str0m::{Candidate, Rtc, RtcConfig};
use str0m_netem::{
    Input as LinkInput, Netem, NetemConfig, Output as LinkOutput, Probability, RandomLoss,
};

use tcp::Tcp;

pub(crate) use host::{Host, Pauses};
pub(crate) use in_place::InPlace;
pub(crate) use viewer::{Screen, Viewer};

/// Where the server listens.
pub(crate) const SERVER: &str = "192.0.2.1:3000";

/// The address that tests attack from.
pub(crate) const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 66));

/// The room of all tests that need only one.
pub(crate) const ROOM: RoomId = RoomId(1);

/// The seed of a test: fixed, so that a failure is the same for everybody; `SEED=7 cargo test`
/// tries another.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|it| it.parse().ok()).unwrap_or(1);
    println!("SEED={seed}");
    seed
}

/// A link that takes 20 ms and loses nothing.
pub(crate) fn good_link() -> NetemConfig {
    NetemConfig::new().latency(Duration::from_millis(20))
}

/// The same, and it loses so many of a hundred packets.
pub(crate) fn lossy(percent: f32) -> NetemConfig {
    good_link().loss(RandomLoss::new(Probability::new(percent / 100.0)))
}

/// One way of one client's network.
pub(crate) struct Link(Netem<Packet>);

/// A datagram under way.
#[derive(Clone)]
pub(crate) struct Packet {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) contents: Vec<u8>,
}

/// One datagram at the server.
pub(crate) struct OnWire {
    pub(crate) at: Instant,
    /// Whether it came; else it went.
    pub(crate) is_in: bool,
    /// Who sent it, or whom it is for.
    pub(crate) other: SocketAddr,
    pub(crate) contents: Vec<u8>,
}

impl OnWire {
    /// RFC 7983, section 7.
    pub(crate) fn is_stun(&self) -> bool {
        self.contents.first().is_some_and(|it| *it < 4)
    }
}

// netem wants to know a packet's size for its rate limit.
impl AsRef<[u8]> for Packet {
    fn as_ref(&self) -> &[u8] {
        &self.contents
    }
}

impl Link {
    fn new(config: NetemConfig) -> Self {
        Self(Netem::new(config))
    }

    fn send(&mut self, packet: Packet, now: Instant) {
        self.0.handle_input(LinkInput::Packet(now, packet));
    }

    fn receive(&mut self, now: Instant) -> Vec<Packet> {
        self.0.handle_input(LinkInput::Timeout(now));
        let mut arrived = Vec::new();
        while let Some(output) = self.0.poll_output() {
            match output {
                LinkOutput::Packet(packet) => arrived.push(packet),
                LinkOutput::Timeout(_) => break,
            }
        }
        arrived
    }
}

/// What a client does beyond ICE, DTLS and RTP.
pub(crate) enum Role {
    Host(Host),
    Viewer(Viewer),
}

/// One browser.
pub(crate) struct Client {
    pub(crate) peer: PeerId,
    pub(crate) address: SocketAddr,
    /// The worker that the kernel gives its datagrams to.
    heard_by: usize,
    /// What its NAT makes of that address, as the server sees it; the browser knows nothing of it.
    pub(crate) nat: Option<SocketAddr>,
    /// Another address of its own. It sends each record of the handshake from the one that it did not
    /// send the last one from, as a browser may that gets too few answers to its checks.
    pub(crate) also: Option<SocketAddr>,
    n_records: usize,
    /// Whoever sends a copy of each of its packets from here, that arrives first.
    pub(crate) shadow: Option<SocketAddr>,
    pub(crate) rtc: Rtc,
    pub(crate) role: Role,
    pub(crate) connected_at: Option<Instant>,
    /// Whether it answers no connectivity check of ours, as ffmpeg does not while it publishes.
    pub(crate) is_deaf: bool,
    /// How often it reads what came, as a program that is out of CPU; at once without.
    pub(crate) reads_every: Option<Duration>,
    reads_at: Instant,
    /// The TCP connection that its packets go through; UDP without.
    pub(crate) tcp: Option<Tcp>,
    /// Whether its packets reach anything.
    pub(crate) online: bool,
    up: Link,
    down: Link,
    timeout: Instant,
}

impl Client {
    /// Where datagrams for it go.
    pub(crate) fn public(&self) -> SocketAddr {
        self.nat.unwrap_or(self.address)
    }

    /// It, as the server sees it.
    fn remote(&self, addr: SocketAddr) -> RemoteAddr {
        RemoteAddr { addr, stream: self.tcp.as_ref().map(|it| it.stream) }
    }

    pub(crate) fn host(&mut self) -> &mut Host {
        match &mut self.role {
            Role::Host(host) => host,
            Role::Viewer(_) => panic!("{} is a viewer", self.peer),
        }
    }

    pub(crate) fn viewer(&mut self) -> &mut Viewer {
        match &mut self.role {
            Role::Viewer(viewer) => viewer,
            Role::Host(_) => panic!("{} is a host", self.peer),
        }
    }
}

/// The server, its clients and the network between them.
pub(crate) struct Sim {
    pub(crate) now: Instant,
    pub(crate) start: Instant,
    /// The server; with several workers, the first.
    pub(crate) sfu: Sfu,
    others: Vec<Sfu>,
    /// Messages that workers sent each other.
    pub(crate) n_messages: usize,
    /// The worker whose inbox takes no messages.
    pub(crate) full_inbox: Option<usize>,
    /// Whose connectivity checks are kept, and those.
    kept: Option<(PeerId, Vec<Vec<u8>>)>,
    pub(crate) clients: Vec<Client>,
    pub(crate) events: Vec<(Instant, Event)>,
    /// What taps gave.
    pub(crate) tapped: Vec<TapPacket>,
    /// Datagrams to addresses that no client ever had.
    pub(crate) replies_to_strangers: usize,
    /// Everything that came to the server and went out of it, in order; empty unless begun.
    pub(crate) wire: Option<Vec<OnWire>>,
    /// Whether clients that join from now on count what they are asked for.
    pub(crate) has_stats: bool,
    /// The address of the server's that requests come in by, as it is told.
    pub(crate) via: Option<IpAddr>,
    seed: u64,
    next_peer: u64,
    timeouts: Vec<Option<Instant>>,
}

impl Sim {
    pub(crate) fn new() -> Self {
        Self::with_config(|_| {})
    }

    pub(crate) fn with_config(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(1, change)
    }

    /// A server of several workers.
    pub(crate) fn with_workers(n: u8) -> Self {
        Self::with(n, |_| {})
    }

    fn with(workers: u8, change: impl FnOnce(&mut Config)) -> Self {
        #[allow(clippy::disallowed_methods, reason = "virtual time begins somewhere")]
        let now = Instant::now();
        let mut config = Config::new(vec![SERVER.parse().unwrap()]);
        change(&mut config);
        config.workers = workers;
        let sfu = |worker| Sfu::new(Config { worker, ..config.clone() });
        Self {
            now,
            start: now,
            others: (1..workers).map(sfu).collect(),
            sfu: sfu(0),
            n_messages: 0,
            full_inbox: None,
            kept: None,
            clients: Vec::new(),
            events: Vec::new(),
            tapped: Vec::new(),
            replies_to_strangers: 0,
            wire: None,
            has_stats: false,
            via: None,
            seed: seed(),
            next_peer: 1,
            timeouts: vec![None; usize::from(workers)],
        }
    }

    pub(crate) fn n_workers(&self) -> usize {
        1 + self.others.len()
    }

    pub(crate) fn worker(&mut self, n: usize) -> &mut Sfu {
        if n == 0 { &mut self.sfu } else { &mut self.others[n - 1] }
    }

    pub(crate) fn worker_has(&mut self, n: usize, peer: PeerId) -> bool {
        let have: Vec<bool> = (0..self.n_workers()).map(|it| self.worker(it).has(peer)).collect();
        have[n] && have.iter().filter(|it| **it).count() == 1
    }

    /// A browser goes live, and the kernel gives its datagrams to this worker.
    pub(crate) fn add_host_heard_by(
        &mut self,
        worker: usize,
        room: RoomId,
        host: Host,
        link: NetemConfig,
    ) -> PeerId {
        let peer = self.add_host_to(room, host, link);
        self.client_mut(peer).heard_by = worker;
        peer
    }

    /// A browser watches, and the kernel gives its datagrams to this worker.
    pub(crate) fn add_viewer_heard_by(
        &mut self,
        worker: usize,
        room: RoomId,
        link: NetemConfig,
    ) -> PeerId {
        let peer = self.add_viewer_to(room, link);
        self.client_mut(peer).heard_by = worker;
        peer
    }

    /// A client's packets go through a TCP connection of this rate from now on, which is at this worker.
    pub(crate) fn use_tcp(&mut self, peer: PeerId, worker: u8, bps: u64) {
        self.next_peer += 1;
        let number = (self.next_peer as u32).try_into().unwrap();
        let now = self.now;
        let client = self.client_mut(peer);
        client.heard_by = worker.into();
        client.tcp = Some(Tcp::new(StreamId { worker, number }, bps, now));
    }

    /// The client's NAT gives it another address, which is another worker's.
    pub(crate) fn rebind(&mut self, peer: PeerId, worker: usize) {
        self.next_peer += 1;
        let n = self.next_peer as u16;
        let client = self.client_mut(peer);
        client.nat = Some(SocketAddr::from(([198, 18, 0, 1], 10_000 + n)));
        client.heard_by = worker;
    }

    /// Keeps the connectivity checks of a client from now on, as somebody who overhears them.
    pub(crate) fn keep_checks_of(&mut self, peer: PeerId) {
        self.kept = Some((peer, Vec::new()));
    }

    pub(crate) fn kept_checks(&mut self) -> Vec<Vec<u8>> {
        self.kept.take().map(|it| it.1).unwrap_or_default()
    }

    /// A browser goes live in the room.
    pub(crate) fn add_host(&mut self, host: Host, link: NetemConfig) -> PeerId {
        self.add_host_to(ROOM, host, link)
    }

    /// A browser publishes, and is not to be seen yet.
    pub(crate) fn add_rehearsing_host(&mut self, host: Host, link: NetemConfig) -> PeerId {
        self.publish(ROOM, Seat::HOST, host, link, false)
    }

    pub(crate) fn add_host_to(&mut self, room: RoomId, host: Host, link: NetemConfig) -> PeerId {
        self.publish(room, Seat::HOST, host, link, true)
    }

    /// A guest comes on stage.
    pub(crate) fn add_guest(&mut self, seat: Seat, host: Host, link: NetemConfig) -> PeerId {
        self.publish(ROOM, seat, host, link, true)
    }

    /// A guest of the basic profile, which answers an offer for both ways.
    pub(crate) fn add_guest_for_both_ways(
        &mut self,
        seat: Seat,
        mut host: Host,
        link: NetemConfig,
    ) -> PeerId {
        let (peer, mut client) = self.client(link);
        let (room, cast, publishes) = (ROOM, Cast::default(), Some(seat));
        self.command(Command::Watch { room, peer, cast, publishes, via: self.via });
        let offer = self.last_sdp(peer);
        assert!(offer.contains("a=sendrecv"), "{offer}");
        let sdp = host.answer(&mut client.rtc, &offer);
        client.role = Role::Host(host);
        self.clients.push(client);
        self.settle(peer);
        self.command(Command::Answer { peer, sdp });
        peer
    }

    fn publish(
        &mut self,
        room: RoomId,
        seat: Seat,
        mut host: Host,
        link: NetemConfig,
        on_air: bool,
    ) -> PeerId {
        let is_in_place = host.in_place.is_some();
        let configure = |it| if is_in_place { InPlace::configure(it) } else { it };
        let (peer, mut client) = self.client_with(link, configure);
        let mut offer = host.offer(&mut client.rtc);
        if is_in_place {
            offer = InPlace::offer(&offer);
        }
        offer = (host.saying)(offer);
        client.role = Role::Host(host);
        self.clients.push(client);
        self.command(Command::Publish {
            room,
            peer,
            seat,
            offer,
            on_air,
            max_kbps: None,
            via: self.via,
        });
        let sdp = self.last_sdp(peer);
        let client = self.client_mut(peer);
        let Role::Host(host) = &mut client.role else { unreachable!() };
        host.accept_answer(&mut client.rtc, &sdp);
        self.settle(peer);
        peer
    }

    /// A browser watches the room; the server offers.
    pub(crate) fn add_viewer(&mut self, link: NetemConfig) -> PeerId {
        self.add_viewer_to(ROOM, link)
    }

    /// A browser of two addresses watches the room.
    pub(crate) fn add_viewer_of_two_addresses(&mut self, link: NetemConfig) -> PeerId {
        let (peer, mut client) = self.client(link);
        let also = SocketAddr::new(client.address.ip(), client.address.port() + 1);
        client.rtc.add_local_candidate(Candidate::host(also, "udp").unwrap());
        client.also = Some(also);
        self.watch((ROOM, Cast::default()), peer, client, Duration::ZERO, |answer| answer)
    }

    /// A browser watches host and guests.
    pub(crate) fn add_viewer_of(&mut self, cast: Cast, link: NetemConfig) -> PeerId {
        let (peer, client) = self.client(link);
        self.watch((ROOM, cast), peer, client, Duration::ZERO, |answer| answer)
    }

    /// The same, and the kernel gives its datagrams to this worker.
    pub(crate) fn add_viewer_of_heard_by(
        &mut self,
        worker: usize,
        cast: Cast,
        link: NetemConfig,
    ) -> PeerId {
        let peer = self.add_viewer_of(cast, link);
        self.client_mut(peer).heard_by = worker;
        peer
    }

    /// The server offers a viewer another cast.
    pub(crate) fn recast(&mut self, peer: PeerId, cast: Cast) {
        self.command(Command::Recast { peer, cast, via: self.via });
        let offer = self.last_sdp(peer);
        let client = self.client_mut(peer);
        client.viewer().hears_offer(&offer);
        let answer = viewer::answer(&mut client.rtc, &offer);
        self.settle(peer);
        self.command(Command::Answer { peer, sdp: answer });
    }

    /// A browser whose answer takes longer to the server than its first check, which comes in at this
    /// worker.
    pub(crate) fn add_viewer_with_slow_signalling(
        &mut self,
        worker: usize,
        link: NetemConfig,
        delay: Duration,
    ) -> PeerId {
        let (peer, mut client) = self.client(link);
        client.heard_by = worker;
        self.watch((ROOM, Cast::default()), peer, client, delay, |answer| answer)
    }

    pub(crate) fn add_viewer_to(&mut self, room: RoomId, link: NetemConfig) -> PeerId {
        self.add_viewer_saying(room, link, |answer| answer)
    }

    /// A browser whose answer is not quite what str0m writes.
    pub(crate) fn add_viewer_saying(
        &mut self,
        room: RoomId,
        link: NetemConfig,
        change: impl FnOnce(String) -> String,
    ) -> PeerId {
        let (peer, client) = self.client(link);
        self.watch((room, Cast::default()), peer, client, Duration::ZERO, change)
    }

    fn watch(
        &mut self,
        (room, cast): (RoomId, Cast),
        peer: PeerId,
        client: Client,
        answer_takes: Duration,
        change: impl FnOnce(String) -> String,
    ) -> PeerId {
        self.clients.push(client);
        self.command(Command::Watch { room, peer, cast, publishes: None, via: self.via });
        let offer = self.last_sdp(peer);
        let now = self.now;
        let client = self.client_mut(peer);
        client.viewer().hears_offer(&offer);
        client.viewer().joined_at = Some(now);
        let answer = change(viewer::answer(&mut client.rtc, &offer));
        self.settle(peer);
        if answer_takes > Duration::ZERO {
            self.run(answer_takes);
        }
        self.command(Command::Answer { peer, sdp: answer });
        peer
    }

    /// A browser watches the room, and offers itself (as WHEP does).
    pub(crate) fn add_offering_viewer(&mut self, link: NetemConfig) -> PeerId {
        self.add_offering_viewer_saying(link, |offer| offer)
    }

    /// The same, with an offer that is not quite what str0m writes.
    pub(crate) fn add_offering_viewer_saying(
        &mut self,
        link: NetemConfig,
        change: impl FnOnce(String) -> String,
    ) -> PeerId {
        let (peer, mut client) = self.client(link);
        let (offer, pending) = viewer::offer(&mut client.rtc);
        let offer = change(offer);
        self.clients.push(client);
        self.command(Command::WatchOffer { room: ROOM, peer, offer, via: self.via });
        let answer = self.last_sdp(peer);
        viewer::accept_answer(&mut self.client_mut(peer).rtc, pending, &answer);
        self.settle(peer);
        peer
    }

    /// The host's browser restarts ICE.
    pub(crate) fn restart_ice_of_host(&mut self, peer: PeerId) {
        let client = self.client_mut(peer);
        let Role::Host(host) = &mut client.role else { panic!("{peer} is a viewer") };
        let offer = host.restart_ice(&mut client.rtc);
        self.command(Command::Reoffer { peer, offer, via: self.via });
        let answer = self.last_sdp(peer);
        let client = self.client_mut(peer);
        let Role::Host(host) = &mut client.role else { unreachable!() };
        host.accept_restart(&mut client.rtc, &answer);
        self.settle(peer);
    }

    /// The server restarts ICE for a viewer.
    pub(crate) fn restart_ice_of_viewer(&mut self, peer: PeerId) {
        self.command(Command::RestartIce { peer, via: self.via });
        let offer = self.last_sdp(peer);
        let answer = viewer::answer(&mut self.client_mut(peer).rtc, &offer);
        self.settle(peer);
        self.command(Command::Answer { peer, sdp: answer });
    }

    /// The last description that the server sent to a peer.
    pub(crate) fn last_sdp(&self, peer: PeerId) -> String {
        let sdp = self.events.iter().rev().find_map(|(_, event)| match event {
            Event::Offer { peer: of, sdp } | Event::Answer { peer: of, sdp, .. } if *of == peer => {
                Some(sdp.clone())
            }
            _ => None,
        });
        sdp.unwrap_or_else(|| panic!("no description: {:?}", self.events.last()))
    }

    fn client(&mut self, link: NetemConfig) -> (PeerId, Client) {
        self.client_with(link, |it| it)
    }

    fn client_with(
        &mut self,
        link: NetemConfig,
        configure: impl FnOnce(RtcConfig) -> RtcConfig,
    ) -> (PeerId, Client) {
        let n = self.next_peer;
        self.next_peer += 1;
        let address = SocketAddr::from(([198, 51, (n / 250) as u8, (n % 250) as u8 + 1], 40_000));
        let mut config = Rtc::builder()
            .set_rtp_mode(true)
            .set_extension_map(scalable::extensions())
            .set_crypto_provider(std::sync::Arc::new(dtls::crypto_provider()));
        // A browser gives a connection up after 30 s, as the server does; str0m after 22.
        config.set_max_stun_retransmits(14);
        if self.has_stats {
            config = config.set_stats_interval(Some(Duration::from_secs(1)));
        }
        let mut rtc = configure(config).build(self.now);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(n * 2);
        let client = Client {
            peer: PeerId(n),
            address,
            heard_by: 0,
            nat: None,
            also: None,
            n_records: 0,
            shadow: None,
            rtc,
            role: Role::Viewer(Viewer::default()),
            connected_at: None,
            is_deaf: false,
            reads_every: None,
            reads_at: self.now,
            tcp: None,
            online: true,
            up: Link::new(link.seed(seed)),
            down: Link::new(link.seed(seed + 1)),
            timeout: self.now,
        };
        (PeerId(n), client)
    }

    pub(crate) fn client_mut(&mut self, peer: PeerId) -> &mut Client {
        self.clients.iter_mut().find(|it| it.peer == peer).expect("the client is there")
    }

    /// What a viewer has seen so far.
    pub(crate) fn screen(&mut self, peer: PeerId) -> &Screen {
        &self.client_mut(peer).viewer().screen
    }

    /// Changes both ways of a client's network.
    pub(crate) fn set_link(&mut self, peer: PeerId, link: NetemConfig) {
        let seed = self.seed.wrapping_mul(7_919).wrapping_add(peer.0 * 2);
        let client = self.client_mut(peer);
        client.up.0.set_config(link.seed(seed));
        client.down.0.set_config(link.seed(seed + 1));
    }

    pub(crate) fn host(&mut self, peer: PeerId) -> &mut Host {
        self.client_mut(peer).host()
    }

    /// The page closes its connection, which says goodbye (DTLS `close_notify`) and is gone.
    pub(crate) fn leave(&mut self, peer: PeerId) {
        let now = self.now;
        let client = self.client_mut(peer);
        client.rtc.close().unwrap();
        client.timeout = now;
        // What it said last is under way for as long.
        self.run(Duration::from_millis(50));
        self.vanish(peer);
    }

    /// The browser is gone, without a word.
    pub(crate) fn vanish(&mut self, peer: PeerId) {
        self.clients.retain(|it| it.peer != peer);
    }

    pub(crate) fn command(&mut self, command: Command) {
        let (now, n) = (self.now, self.n_workers() as u8);
        self.worker(sfu::addressee(&command, n).into()).handle_command(command, now);
        self.drain_sfu();
    }

    /// A datagram from anybody.
    pub(crate) fn inject(&mut self, source: SocketAddr, contents: &[u8]) {
        self.inject_at(0, source, contents);
    }

    /// A datagram from anybody that the kernel gives to this worker.
    pub(crate) fn inject_at(&mut self, worker: usize, source: SocketAddr, contents: &[u8]) {
        if let Some(wire) = &mut self.wire {
            let contents = contents.to_vec();
            wire.push(OnWire { at: self.now, is_in: true, other: source, contents });
        }
        let (destination, now) = (SERVER.parse().unwrap(), self.now);
        let datagram = Datagram { source: source.into(), destination, contents };
        self.worker(worker).handle_datagram(&datagram, now);
        self.drain_sfu();
    }

    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.run_until(end, |_| false);
        self.now = end;
    }

    /// Runs until the condition holds; fails after `limit`.
    pub(crate) fn wait(
        &mut self,
        what: &str,
        limit: Duration,
        mut holds: impl FnMut(&mut Self) -> bool,
    ) -> Duration {
        let began = self.now;
        assert!(self.run_until(began + limit, &mut holds), "{what}: not in {limit:?}");
        self.now - began
    }

    fn run_until(&mut self, end: Instant, mut holds: impl FnMut(&mut Self) -> bool) -> bool {
        loop {
            if holds(self) {
                return true;
            }
            let next = self.next_time();
            if next > end {
                return false;
            }
            self.now = next.max(self.now);
            self.step();
        }
    }

    fn next_time(&self) -> Instant {
        let far = self.now + Duration::from_secs(3_600);
        let clients = self.clients.iter().flat_map(|it| {
            let tcp = it.tcp.as_ref().and_then(Tcp::next_at);
            [Some(it.next_time()), Some(it.up.0.poll_timeout()), tcp].into_iter().flatten()
        });
        clients.chain(self.timeouts.iter().flatten().copied()).min().unwrap_or(far)
    }

    fn step(&mut self) {
        let now = self.now;
        for n in 0..self.n_workers() {
            if self.timeouts[n].is_some_and(|at| at <= now) {
                self.worker(n).handle_timeout(now);
                self.drain_sfu();
            }
        }
        for index in 0..self.clients.len() {
            if self.clients[index].up.0.poll_timeout() > now {
                continue;
            }
            for packet in self.clients[index].up.receive(now) {
                let client = &self.clients[index];
                let (source, destination) = (packet.source, packet.destination);
                let (contents, worker, shadow) = (&packet.contents, client.heard_by, client.shadow);
                if let Some((peer, checks)) = &mut self.kept
                    && *peer == client.peer
                    && contents.starts_with(&[0, 1])
                {
                    checks.push(contents.clone());
                }
                let remote = client.remote(source);
                if let Some(source) = shadow {
                    let datagram = Datagram { source: source.into(), destination, contents };
                    self.worker(worker).handle_datagram(&datagram, now);
                }
                if let Some(wire) = &mut self.wire {
                    let contents = contents.clone();
                    wire.push(OnWire { at: now, is_in: true, other: source, contents });
                }
                let datagram = Datagram { source: remote, destination, contents };
                self.worker(worker).handle_datagram(&datagram, now);
            }
        }
        self.drain_sfu();
        self.run_tcp();
        for client in self.clients.iter_mut().filter(|it| it.next_time() <= now) {
            client.step(now);
        }
    }

    /// Sends what waits in TCP connections, and tells the workers when one is full.
    fn run_tcp(&mut self) {
        let now = self.now;
        for index in 0..self.clients.len() {
            let client = &mut self.clients[index];
            let remote = client.remote(client.public());
            let Some(tcp) = &mut client.tcp else { continue };
            for packet in tcp.sent(now) {
                client.down.send(packet, now);
            }
            let worker = tcp.stream.worker.into();
            if let Some(is_full) = tcp.changed() {
                self.worker(worker).stream_full(remote, is_full, now);
                self.drain_sfu();
            }
        }
    }

    /// Workers hear of each other at once, as they do within microseconds.
    fn drain_sfu(&mut self) {
        let now = self.now;
        let mut under_way = VecDeque::new();
        for n in 0..self.n_workers() {
            self.drain_worker(n, &mut under_way);
        }
        while let Some((to, message)) = under_way.pop_front() {
            self.n_messages += 1;
            let emptied = self.worker(to).handle_message(message, now);
            self.worker(emptied.sender().into()).recycle(emptied);
            self.drain_worker(to, &mut under_way);
        }
    }

    fn drain_worker(&mut self, n: usize, under_way: &mut VecDeque<(usize, WorkerMessage)>) {
        let now = self.now;
        loop {
            let sfu = if n == 0 { &mut self.sfu } else { &mut self.others[n - 1] };
            match sfu.poll_output(now) {
                Output::Timeout(at) => {
                    self.timeouts[n] = at;
                    return;
                }
                Output::Tapped(packets) => self.tapped.append(packets),
                Output::Event(event) => {
                    if let Event::LayersUnwanted { layers, .. } = &event {
                        for client in &mut self.clients {
                            if let Role::Host(host) = &mut client.role {
                                host.hears_of_unwanted(layers, now);
                            }
                        }
                    }
                    self.events.push((now, event));
                }
                Output::Message { to, message } if self.full_inbox == Some(to.into()) => {
                    sfu.undelivered(to, message, now);
                }
                Output::Message { to, message } => under_way.push_back((to.into(), message)),
                Output::Transmits(outbox) => {
                    for it in outbox.transmits().chain(outbox.of_streams()) {
                        let Transmit { source, destination, .. } = it;
                        let RemoteAddr { addr: destination, stream } = destination;
                        self.replies_to_strangers += usize::from(destination.ip() == STRANGER);
                        if let Some(wire) = &mut self.wire {
                            wire.extend(it.datagrams().map(|datagram| OnWire {
                                at: now,
                                is_in: false,
                                other: destination,
                                contents: datagram.to_vec(),
                            }));
                        }
                        let is_for = |it: &Client| {
                            it.public() == destination || it.also == Some(destination)
                        };
                        let client = self.clients.iter_mut().find(|it| is_for(it));
                        let Some(client) = client.filter(|it| it.online) else { continue };
                        // A worker has no other connections than its own.
                        if let Some(id) = stream
                            && usize::from(id.worker) != n
                        {
                            panic!("worker {n} sends to a connection of worker {}", id.worker);
                        }
                        for datagram in it.datagrams() {
                            let also = client.also.filter(|it| *it == destination);
                            let destination = also.unwrap_or(client.address);
                            let contents = datagram.to_vec();
                            let packet = Packet { source, destination, contents };
                            match client.tcp.as_mut().filter(|it| Some(it.stream) == stream) {
                                Some(tcp) => tcp.push(packet, now),
                                None => client.down.send(packet, now),
                            }
                        }
                    }
                }
            }
        }
    }

    fn settle(&mut self, peer: PeerId) {
        let now = self.now;
        self.client_mut(peer).step(now);
    }

    /// Events of one kind, with their time.
    pub(crate) fn times_of(&self, is: impl Fn(&Event) -> bool) -> Vec<Duration> {
        self.events.iter().filter(|(_, e)| is(e)).map(|(at, _)| *at - self.start).collect()
    }
}
