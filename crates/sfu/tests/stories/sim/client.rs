//! One simulated browser: what it does with packets and with time.

use std::time::{Duration, Instant};

use str0m::Input;
use str0m::net::{DatagramRecv, Protocol, Receive};

use super::{Client, Host, Packet, Role, SERVER};

impl Client {
    /// When something happens on the client's own side.
    pub(super) fn next_time(&self) -> Instant {
        let source = match &self.role {
            // Before it is connected a host produces nothing.
            Role::Host(host) => host.next_at().filter(|_| self.connected_at.is_some()),
            Role::Viewer(viewer) => viewer.next_at(),
        };
        let next = self.timeout.min(self.down.0.poll_timeout().max(self.reads_at));
        source.map_or(next, |it| it.min(next))
    }

    pub(super) fn step(&mut self, now: Instant) {
        let arrived = if now < self.reads_at { Vec::new() } else { self.down.receive(now) };
        if let Some(every) = self.reads_every.filter(|_| now >= self.reads_at) {
            self.reads_at = now + every;
        }
        let is_deaf = self.is_deaf;
        let is_check = |it: &Packet| it.contents.starts_with(&[0, 1]);
        for packet in arrived.into_iter().filter(|it| !is_deaf || !is_check(it)) {
            let Ok(contents) = DatagramRecv::try_from(&*packet.contents) else { continue };
            let receive = Receive {
                proto: Protocol::Udp,
                source: packet.source,
                destination: packet.destination,
                contents,
            };
            let input = Input::Receive(now, receive);
            if self.rtc.accepts(&input) {
                _ = self.rtc.handle_input(input);
                self.drain(now);
            }
        }
        match &mut self.role {
            Role::Host(host) if self.connected_at.is_some() => host.produce(&mut self.rtc, now),
            Role::Viewer(viewer) => viewer.watch(&mut self.rtc, now),
            Role::Host(_) => {}
        }
        _ = self.rtc.handle_input(Input::Timeout(now));
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        while self.rtc.is_alive() {
            match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) => {
                    self.timeout = at.max(now + Duration::from_millis(1));
                    return;
                }
                Ok(str0m::Output::Transmit(it)) => {
                    let contents: Vec<u8> = it.contents.into();
                    if let Role::Host(Host { in_place: Some(in_place), .. }) = &mut self.role {
                        in_place.sent(&contents);
                    }
                    let mut source = self.nat.unwrap_or(it.source);
                    // RFC 7983, section 7.
                    if let (Some(also), [20..=63, ..]) = (self.also, &contents[..]) {
                        self.n_records += 1;
                        source = if self.n_records.is_multiple_of(2) { also } else { self.address };
                    }
                    let packet = Packet { source, destination: it.destination, contents };
                    if self.online {
                        self.up.send(packet, now);
                    }
                }
                Ok(str0m::Output::Event(str0m::Event::Connected)) => self.connected_at = Some(now),
                Ok(str0m::Output::Event(str0m::Event::RawPacket(packet))) => {
                    if let Role::Host(Host { in_place: Some(in_place), .. }) = &mut self.role {
                        let (source, destination) = (self.address, SERVER.parse().unwrap());
                        for contents in in_place.asked(&packet) {
                            self.up.send(Packet { source, destination, contents }, now);
                        }
                    }
                }
                Ok(str0m::Output::Event(event)) => match &mut self.role {
                    Role::Host(host) => host.handle_event(&event, now),
                    Role::Viewer(viewer) => viewer.handle_event(event, now),
                },
                Err(error) => panic!("client {}: {error}", self.peer),
            }
        }
        self.timeout = now + Duration::from_secs(3_600);
    }
}
