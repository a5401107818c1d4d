//! A synthetic viewer, sans-IO: ICE, DTLS, SRTP and the feedback of a browser, but no decoder. It costs a fraction of a
//! real client, so that thousands fit beside the server.

mod dtls;
mod feedback;
mod frames;
mod ice;
mod incoming;
mod stream;

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rtp::srtp::{Receiver, Sender};

use crate::description::{Local, Remote};
use crate::stats::{Stats, Totals};
use dtls::Handshake;
pub use dtls::Identity;
use feedback::Feedback;
use ice::Ice;
use incoming::Incoming;
pub use stream::GIVE_UP;

/// How datagrams leave.
pub type Send<'a> = dyn FnMut(SocketAddr, &[u8]) + 'a;

/// The longest time from the first connect to a picture; a viewer that takes longer has failed.
pub const JOIN_TIMEOUT: Duration = Duration::from_secs(20);

/// Settings that all viewers of a run share.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// What stamps count from.
    pub epoch: Instant,
    /// The run whose stamps have our clock.
    pub run: u32,
    /// Between two frames.
    pub frame_interval: Duration,
    /// The share of incoming packets to lose on purpose.
    pub loss: f64,
    /// Whether any packet counts as a picture, since not all publishers are ours.
    pub any_media: bool,
}

impl Rules {
    /// A time as stamps have it.
    fn us_of_run(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.epoch).as_micros() as u64
    }
}

/// Where a viewer records what it saw.
#[derive(Debug)]
pub struct Recorder<'a> {
    pub stats: &'a mut Stats,
    pub totals: &'a Totals,
}

/// How far a viewer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No check was answered yet.
    Checking,
    /// Certificates and keys are exchanged.
    Handshaking,
    /// Connected; no packet came yet.
    Waiting,
    /// Packets come; no keyframe is complete yet.
    Receiving,
    /// There is a picture.
    Watching,
    Over,
}

/// One viewer.
#[derive(Debug)]
pub struct Viewer {
    stage: Stage,
    began_at: Instant,
    ice: Ice,
    handshake: Handshake,
    srtp: Option<(Sender, Receiver)>,
    incoming: Incoming,
    feedback: Feedback,
    rules: Rules,
    next_at: Instant,
}

impl Viewer {
    /// A viewer whose descriptions are exchanged; `began_at` is when it first turned to the server.
    pub fn new(
        identity: &Identity,
        local: &Local,
        remote: &Remote,
        rules: Rules,
        began_at: Instant,
        now: Instant,
    ) -> Self {
        Self {
            stage: Stage::Checking,
            began_at,
            ice: Ice::new(local, remote, now),
            handshake: Handshake::new(identity, remote, now),
            srtp: None,
            incoming: Incoming::new(remote, rules, now),
            feedback: Feedback::new(now),
            rules,
            next_at: now,
        }
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub fn next_at(&self) -> Instant {
        self.next_at
    }

    /// Whether a viewer that had a picture received nothing lately.
    pub fn is_silent(&self, now: Instant) -> bool {
        let quiet = Duration::from_secs(2);
        self.stage == Stage::Watching && self.incoming.received_at() + quiet < now
    }

    /// Restarts ICE with new credentials of both sides; DTLS and media go on.
    pub fn restart(&mut self, local: &Local, remote: &Remote, now: Instant) {
        self.ice.restart(local, remote, now);
        self.next_at = now;
    }

    /// Whether the server answered a check with the present credentials.
    pub fn is_proven(&self) -> bool {
        self.ice.is_proven()
    }

    /// Begins the steady phase: freezes are counted from now on.
    pub fn begin_steady(&mut self, now: Instant) {
        self.incoming.begin_steady(now);
    }

    /// Ends the steady phase: a picture that stands still now counts as a freeze.
    pub fn end_steady(&mut self, now: Instant, recorder: &mut Recorder<'_>) {
        if self.stage == Stage::Watching {
            self.incoming.end_steady(now, &mut recorder.stats.counters);
        }
    }

    /// Takes a datagram; its bytes are decrypted in place.
    pub fn handle_datagram(
        &mut self,
        source: SocketAddr,
        datagram: &mut [u8],
        now: Instant,
        recorder: &mut Recorder<'_>,
        send: &mut Send<'_>,
    ) {
        if self.stage == Stage::Over {
            return;
        }
        match datagram {
            // RFC 7983: which protocol a datagram is of.
            [128..=191, kind, ..] if !(64..96).contains(&(*kind & 0x7F)) => {
                self.handle_rtp(datagram, now, recorder);
            }
            [128..=191, ..] => self.handle_rtcp(datagram, now, recorder),
            [20..=63, ..] => {
                if let Some(to) = self.ice.chosen() {
                    let progress = self.handshake.handle(Some(datagram), to, now, send);
                    self.shake(progress, now, recorder);
                }
            }
            [0..=3, ..] => {
                let progress = self.ice.handle(source, datagram, now, send);
                if progress == ice::Progress::Connected && self.stage == Stage::Checking {
                    self.stage = Stage::Handshaking;
                    let progress = self.handshake.handle(None, source, now, send);
                    self.shake(progress, now, recorder);
                }
            }
            _ => recorder.stats.counters.unreadable += 1,
        }
        self.next_at = self.deadline();
    }

    /// Does what is due.
    pub fn handle_timeout(
        &mut self,
        now: Instant,
        recorder: &mut Recorder<'_>,
        send: &mut Send<'_>,
    ) {
        self.ice.handle_timeout(now, send);
        if let Some(to) = self.ice.chosen() {
            if self.stage != Stage::Over && now >= self.handshake.next_at() {
                let progress = self.handshake.handle(None, to, now, send);
                self.shake(progress, now, recorder);
            }
            if let Some((sender, _)) = &mut self.srtp {
                let counters = &mut recorder.stats.counters;
                self.feedback.handle_timeout(
                    &mut self.incoming,
                    self.ice.rtt(),
                    now,
                    counters,
                    |it| {
                        let plain_len = it.len();
                        it.resize(plain_len + rtp::srtp::MAX_RTCP_OVERHEAD, 0);
                        if let Ok(n) = sender.protect_rtcp(it, plain_len) {
                            send(to, it.get(..n).unwrap_or_default());
                        }
                    },
                );
            }
        }
        self.check_deadlines(now, recorder);
        self.next_at = self.deadline();
    }

    /// Closes the connection.
    pub fn close(&mut self, send: &mut Send<'_>) {
        if let Some(to) = self.ice.chosen().filter(|_| self.stage != Stage::Over) {
            self.handshake.close(to, send);
        }
        self.stage = Stage::Over;
    }

    fn handle_rtp(&mut self, packet: &mut [u8], now: Instant, recorder: &mut Recorder<'_>) {
        let Some((_, receiver)) = &mut self.srtp else { return };
        if self.rules.loss > 0.0 && fastrand::f64() < self.rules.loss {
            recorder.stats.counters.dropped += 1;
            return;
        }
        self.incoming.handle_rtp(receiver, packet, now, recorder.stats);
        match self.stage {
            Stage::Waiting => {
                self.stage = Stage::Receiving;
                recorder.stats.first_packet.record(now - self.began_at);
            }
            Stage::Receiving if self.incoming.has_picture() || self.rules.any_media => {
                self.stage = Stage::Watching;
                recorder.stats.first_keyframe.record(now - self.began_at);
                recorder.totals.joined.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    fn handle_rtcp(&mut self, packet: &mut [u8], now: Instant, recorder: &mut Recorder<'_>) {
        let Some((_, receiver)) = &mut self.srtp else { return };
        match receiver.unprotect_rtcp(packet) {
            Ok(n) => {
                recorder.stats.counters.rtcp += 1;
                feedback::handle_rtcp(packet.get(..n).unwrap_or_default(), &mut self.incoming, now)
            }
            Err(_) => recorder.stats.counters.unreadable += 1,
        }
    }

    fn shake(&mut self, progress: dtls::Progress, now: Instant, recorder: &mut Recorder<'_>) {
        match progress {
            dtls::Progress::Nothing => {}
            dtls::Progress::Keyed(sender, receiver) => {
                self.srtp = Some((sender, receiver));
                self.stage = Stage::Waiting;
                self.incoming.begin(now);
                self.feedback.begin(&self.incoming, now);
                recorder.stats.connected.record(now - self.began_at);
                recorder.totals.connected.fetch_add(1, Ordering::Relaxed);
            }
            dtls::Progress::Closed => self.over("closed by the server", recorder),
            dtls::Progress::Failed(reason) => self.over(reason, recorder),
        }
    }

    fn check_deadlines(&mut self, now: Instant, recorder: &mut Recorder<'_>) {
        if self.stage == Stage::Watching {
            if self.ice.is_lost(now) {
                self.over("ice: the server stopped answering", recorder);
            }
        } else if now >= self.began_at + JOIN_TIMEOUT {
            let reason = match self.stage {
                Stage::Checking => "ice: no answer",
                Stage::Handshaking => "dtls: no answer",
                Stage::Waiting => "no packet came",
                Stage::Receiving => "no keyframe came",
                Stage::Watching | Stage::Over => return,
            };
            self.over(reason, recorder);
        }
    }

    fn over(&mut self, reason: &str, recorder: &Recorder<'_>) {
        match self.stage {
            Stage::Over => return,
            Stage::Watching => recorder.totals.lose(reason),
            _ => recorder.totals.fail(reason),
        }
        self.stage = Stage::Over;
        self.srtp = None;
    }

    fn deadline(&self) -> Instant {
        let far = self.began_at + Duration::from_secs(86_400 * 7);
        let handshake = self.ice.chosen().map_or(far, |_| self.handshake.next_at());
        match self.stage {
            Stage::Over => far,
            Stage::Watching => {
                let media = self.feedback.next_at(&self.incoming);
                self.ice.next_at().min(handshake).min(media)
            }
            Stage::Waiting | Stage::Receiving => {
                let media = self.feedback.next_at(&self.incoming);
                let give_up = self.began_at + JOIN_TIMEOUT;
                self.ice.next_at().min(handshake).min(media).min(give_up)
            }
            Stage::Checking | Stage::Handshaking => {
                self.ice.next_at().min(handshake).min(self.began_at + JOIN_TIMEOUT)
            }
        }
    }
}
