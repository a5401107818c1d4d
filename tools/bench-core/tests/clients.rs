//! Synthetic publishers and viewers against the real core, on virtual time and a network that loses packets.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sfu::{
    Cast, Command, Config, Datagram, Event, Outbox, Output, PeerId, RoomId, Seat, Sfu, Tap,
    TapPacket,
};

use synth::description::{self, Local, Remote};
use synth::media::{Shape, VideoCodec};
use synth::publisher::Publisher;
use synth::socket::Transport;
use synth::stats::{Counters, Stats, Totals};
use synth::viewer::{Identity, JOIN_TIMEOUT, Recorder, Rules, Viewer};

const SERVER: &str = "192.0.2.1:3000";
const ONE_WAY: Duration = Duration::from_millis(15);
const HOST: PeerId = PeerId(1);
const ROOM: RoomId = RoomId(1);

/// A datagram under way: from, to and what.
type Flying = (SocketAddr, SocketAddr, Vec<u8>);

struct World {
    now: Instant,
    one_way: Duration,
    sfu: Sfu,
    host: Publisher,
    viewers: BTreeMap<SocketAddr, (PeerId, Viewer)>,
    identity: Identity,
    rules: Rules,
    stats: Stats,
    totals: Totals,
    air: BTreeMap<(Instant, u64), Flying>,
    n_sent: u64,
    rng: fastrand::Rng,
    /// The share of what goes to viewers that is lost.
    loss: f64,
    /// Until when the host's machine does nothing.
    host_stalls_until: Instant,
    /// What a recorder would be given.
    tapped: Vec<TapPacket>,
}

impl World {
    fn new(codec: VideoCodec) -> Self {
        let now = Instant::now();
        let mut sfu = Sfu::new(Config::new(vec![SERVER.parse().unwrap()]));
        let shape =
            Shape { codec, video_bitrate: 1_000_000, fps: 30, audio: true, run: 9, epoch: now };
        let local = "198.51.100.1:4000".parse().unwrap();
        let (mut host, offer) = Publisher::new(local, shape, now).unwrap();
        sfu.handle_command(
            Command::Publish {
                room: ROOM,
                peer: HOST,
                seat: Seat::HOST,
                offer,
                on_air: true,
                max_kbps: None,
                via: None,
            },
            now,
        );
        let Output::Event(Event::Answer { sdp, .. }) = sfu.poll_output(now) else { panic!() };
        host.accept_answer(&sdp).unwrap();
        Self {
            now,
            one_way: ONE_WAY,
            sfu,
            host,
            viewers: BTreeMap::new(),
            identity: Identity::generate(),
            rules: Rules {
                epoch: now,
                run: 9,
                frame_interval: Duration::from_millis(33),
                loss: 0.0,
                any_media: false,
            },
            stats: Stats::default(),
            totals: Totals::default(),
            air: BTreeMap::new(),
            n_sent: 0,
            rng: fastrand::Rng::with_seed(1),
            loss: 0.0,
            host_stalls_until: now,
            tapped: Vec::new(),
        }
    }

    fn local(&self) -> Local {
        let n = self.viewers.len() as u16;
        Local {
            ufrag: format!("ufrag{n:03}"),
            pwd: "a-password-of-24-letters".into(),
            fingerprint: self.identity.fingerprint(),
            address: SocketAddr::from(([198, 51, 100, 2], 5_000 + n)),
            transport: Transport::Udp,
        }
    }

    fn enter(&mut self, peer: PeerId, local: &Local, remote: &str) {
        let remote = Remote::read(remote).unwrap();
        let (rules, now) = (self.rules, self.now);
        let viewer = Viewer::new(&self.identity, local, &remote, rules, now, now);
        self.viewers.insert(local.address, (peer, viewer));
    }

    /// A viewer that the server offers to, as on `/ws`.
    fn add_answering(&mut self) {
        let (peer, local) = (PeerId(self.viewers.len() as u64 + 2), self.local());
        self.sfu.handle_command(
            Command::Watch { room: ROOM, peer, cast: Cast::default(), publishes: None, via: None },
            self.now,
        );
        let offer = self.description();
        let sdp = description::answer(&offer, &local).unwrap();
        self.sfu.handle_command(Command::Answer { peer, sdp }, self.now);
        self.enter(peer, &local, &offer);
    }

    /// A viewer that offers itself, as with WHEP.
    fn add_offering(&mut self, codec: VideoCodec) {
        let (peer, local) = (PeerId(self.viewers.len() as u64 + 2), self.local());
        let offer = description::offer(&local, codec);
        self.sfu
            .handle_command(Command::WatchOffer { room: ROOM, peer, offer, via: None }, self.now);
        let answer = self.description();
        self.enter(peer, &local, &answer);
    }

    fn description(&mut self) -> String {
        loop {
            match self.sfu.poll_output(self.now) {
                Output::Event(Event::Offer { sdp, .. } | Event::Answer { sdp, .. }) => return sdp,
                Output::Event(Event::Rejected { error, .. }) => panic!("{error}"),
                Output::Timeout(_) => panic!("no description"),
                Output::Message { .. } => unreachable!("there is one worker"),
                Output::Tapped(_) => {}
                Output::Event(_) => {}
                Output::Transmits(outbox) => {
                    let outbox = outbox.clone();
                    self.sent(&outbox);
                }
            }
        }
    }

    fn sent(&mut self, outbox: &Outbox) {
        for it in outbox.transmits() {
            it.datagrams().for_each(|one| self.fly(it.source, it.destination.addr, one.to_vec()));
        }
    }

    fn fly(&mut self, from: SocketAddr, to: SocketAddr, contents: Vec<u8>) {
        if self.viewers.contains_key(&to) && self.rng.f64() < self.loss {
            return;
        }
        self.n_sent += 1;
        self.air.insert((self.now + self.one_way, self.n_sent), (from, to, contents));
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(1);
            self.step();
        }
    }

    fn step(&mut self) {
        let now = self.now;
        let mut sent = Vec::new();
        let server: SocketAddr = SERVER.parse().unwrap();
        let mut recorder = Recorder { stats: &mut self.stats, totals: &self.totals };
        while let Some(entry) = self.air.first_entry().filter(|it| it.key().0 <= now) {
            let (source, to, mut contents) = entry.remove();
            let mut send = |dest, bytes: &[u8]| sent.push((to, dest, bytes.to_vec()));
            if to == server {
                let datagram =
                    Datagram { source: source.into(), destination: server, contents: &contents };
                self.sfu.handle_datagram(&datagram, now);
            } else if let Some((_, viewer)) = self.viewers.get_mut(&to) {
                viewer.handle_datagram(source, &mut contents, now, &mut recorder, &mut send);
            } else {
                self.host.handle_datagram(source, &contents, now, recorder.totals, &mut send);
            }
        }
        for (address, (_, viewer)) in &mut self.viewers {
            if viewer.next_at() <= now {
                let mut send = |to, bytes: &[u8]| sent.push((*address, to, bytes.to_vec()));
                viewer.handle_timeout(now, &mut recorder, &mut send);
            }
        }
        if self.host.next_at() <= now && self.host_stalls_until <= now {
            let local = "198.51.100.1:4000".parse().unwrap();
            let mut send = |to, bytes: &[u8]| sent.push((local, to, bytes.to_vec()));
            self.host.handle_timeout(now, recorder.totals, &mut send);
        }
        self.sfu.handle_timeout(now);
        sent.into_iter().for_each(|(from, to, contents)| self.fly(from, to, contents));
        loop {
            match self.sfu.poll_output(now) {
                Output::Timeout(_) => return,
                Output::Message { .. } => unreachable!("there is one worker"),
                Output::Tapped(packets) => self.tapped.append(packets),
                Output::Event(_) => {}
                Output::Transmits(outbox) => {
                    let outbox = outbox.clone();
                    self.sent(&outbox);
                }
            }
        }
    }

    fn begin_steady(&mut self) -> Counters {
        self.stats.is_steady = true;
        self.viewers.values_mut().for_each(|(_, it)| it.begin_steady(self.now));
        self.stats.counters
    }

    fn end_steady(&mut self, before: Counters) -> Counters {
        let mut recorder = Recorder { stats: &mut self.stats, totals: &self.totals };
        self.viewers.values_mut().for_each(|(_, it)| it.end_steady(self.now, &mut recorder));
        self.stats.counters.since(before)
    }

    fn joined(&self) -> u64 {
        self.totals.joined.load(Ordering::Relaxed)
    }
}

#[test]
fn viewers_of_both_kinds_see_everything_and_measure_the_way() {
    for codec in [VideoCodec::Vp8, VideoCodec::H264] {
        let mut world = World::new(codec);
        world.run(Duration::from_secs(1));
        world.add_answering();
        world.add_offering(codec);
        world.run(Duration::from_secs(2));
        assert_eq!((world.joined(), world.totals.reasons().len()), (2, 0), "{:?}", world.stats);
        let before = world.begin_steady();
        world.run(Duration::from_secs(12));
        let seen = world.end_steady(before);
        // Two viewers, twelve seconds, 50 packets of sound a second and more of video.
        assert!(seen.unique > 2 * 12 * 120, "{seen:?}");
        let faults = [seen.lost, seen.reordered, seen.duplicates, seen.unreadable, seen.freezes];
        assert_eq!(faults, [0; 5], "{seen:?}");
        let delay = |percentile| world.stats.delay.percentile_ms(percentile).unwrap();
        assert!((30.0..32.0).contains(&delay(50.0)), "both ways: {}", delay(50.0));
        // The server may let a packet wait for others of its datagrams.
        assert!(delay(100.0) < 60.0, "{}", delay(100.0));
    }
}

#[test]
fn a_host_whose_machine_stands_still_now_and_then_says_rightly_when_things_were_captured() {
    let mut world = World::new(VideoCodec::Vp8);
    world.sfu.handle_command(Command::Tap { room: ROOM, tap: Some(Tap::Best) }, world.now);
    world.run(Duration::from_secs(4));
    world.tapped.clear();
    for n in 0..400 {
        world.host_stalls_until = world.now + Duration::from_millis(n * 37 % 150);
        world.run(Duration::from_millis(150 + n * 13 % 40));
    }
    // When a timestamp of zero was captured, by each packet.
    let zero = |it: &TapPacket| {
        let seconds = f64::from(it.ts) / f64::from(it.codec.kind().clock_rate());
        it.captured - Duration::from_secs_f64(seconds)
    };
    let (mut sound, mut picture): (Vec<_>, Vec<_>) = world
        .tapped
        .iter()
        .filter(|it| !it.payload.is_empty())
        .partition(|it| !it.codec.is_video());
    assert!(sound.len() > 2_000 && picture.len() > 2_000);
    for of_one in [&mut sound, &mut picture] {
        of_one.sort_by_key(|it| zero(it));
    }
    let apart = zero(picture[picture.len() - 1]).max(zero(sound[sound.len() - 1]))
        - zero(picture[0]).min(zero(sound[0]));
    assert!(apart < Duration::from_millis(20), "{apart:?}");
}

#[test]
fn ice_begins_again_when_both_sides_said_so() {
    let mut world = World::new(VideoCodec::Vp8);
    world.add_answering();
    world.run(Duration::from_secs(2));
    let mut local = world.local();
    let address = *world.viewers.keys().next().unwrap();
    local.address = address;
    let remote = Remote {
        ufrag: "other".into(),
        pwd: "another-password-of-24-x".into(),
        ..Remote::read(&description::offer(&local, VideoCodec::Vp8)).unwrap()
    };
    let remote = Remote { candidates: Vec::new(), ..remote };
    let now = world.now;
    let (_, viewer) = world.viewers.get_mut(&address).unwrap();
    assert!(viewer.is_proven());
    viewer.restart(&local, &remote, now);
    let before = world.stats.counters.unique;
    world.run(Duration::from_secs(2));
    // The server was not told: it proves nothing, and the path that stood goes on.
    assert!(!world.viewers[&address].1.is_proven());
    assert!(world.stats.counters.unique > before + 100, "{:?}", world.stats.counters);
}

#[test]
fn what_is_lost_is_asked_for_and_comes() {
    let mut world = World::new(VideoCodec::Vp8);
    world.run(Duration::from_secs(1));
    for _ in 0..4 {
        world.add_answering();
    }
    world.run(Duration::from_secs(3));
    assert_eq!(world.joined(), 4);
    world.loss = 0.05;
    let before = world.begin_steady();
    world.run(Duration::from_secs(20));
    let seen = world.end_steady(before);
    let sent = (seen.unique + seen.lost) as f64;
    // Sound is not repeated.
    assert!(seen.recovered as f64 > 0.03 * sent, "{seen:?}");
    assert!((seen.lost as f64) < 0.03 * sent, "{seen:?}");
    // Where the request got lost, feedback tells of it as well.
    assert!(seen.nacks > seen.recovered / 2 && seen.rtx >= seen.recovered, "{seen:?}");
    assert!(seen.freeze_us < 4_000_000, "{seen:?}");
}

#[test]
fn a_server_that_is_slow_is_waited_for() {
    let mut world = World::new(VideoCodec::Vp8);
    world.run(Duration::from_secs(1));
    world.one_way = Duration::from_millis(800);
    world.add_answering();
    world.run(Duration::from_secs(15));
    assert_eq!(world.joined(), 1, "{:?}", world.totals.reasons());
}

#[test]
fn viewers_can_lose_packets_on_purpose() {
    let mut world = World::new(VideoCodec::Vp8);
    world.rules.loss = 0.1;
    world.add_answering();
    world.run(Duration::from_secs(5));
    let seen = world.stats.counters;
    assert_eq!(world.joined(), 1);
    assert!(seen.dropped > 30 && seen.recovered > 20, "{seen:?}");
}

#[test]
fn a_certificate_that_was_not_announced_ends_the_join() {
    let mut world = World::new(VideoCodec::Vp8);
    let local = world.local();
    let peer = PeerId(2);
    world.sfu.handle_command(
        Command::Watch { room: ROOM, peer, cast: Cast::default(), publishes: None, via: None },
        world.now,
    );
    let offer = world.description();
    let sdp = description::answer(&offer, &local).unwrap();
    world.sfu.handle_command(Command::Answer { peer, sdp }, world.now);
    let at = offer.find("a=fingerprint:sha-256 ").unwrap() + "a=fingerprint:sha-256 ".len();
    let other = if &offer[at..at + 2] == "00" { "11" } else { "00" };
    let forged = format!("{}{other}{}", &offer[..at], &offer[at + 2..]);
    world.enter(peer, &local, &forged);
    world.run(Duration::from_secs(2));
    assert_eq!(world.joined(), 0);
    assert!(world.totals.reasons().contains_key("dtls: another certificate than announced"));
}

#[test]
fn a_server_that_does_not_answer_is_told_as_such() {
    let mut world = World::new(VideoCodec::Vp8);
    world.loss = 1.0;
    world.add_answering();
    world.run(JOIN_TIMEOUT + Duration::from_secs(1));
    assert_eq!(world.totals.reasons(), BTreeMap::from([("ice: no answer".to_owned(), 1)]));
}
