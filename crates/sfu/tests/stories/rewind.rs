//! A viewer goes back in a broadcast, in the session that it has.

use std::sync::Arc;
use std::time::Duration;

use sfu::{Cap, Command, Event, PastChunk, PastOrder, PeerId, Preference, Tap, TapPacket};

use crate::sim::{Host, ROOM, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// A room that was kept for some time, and a viewer of it.
struct Kept {
    sim: Sim,
    viewer: PeerId,
    /// The next packet of the past that the viewer is given.
    next: usize,
    answered: usize,
}

impl Kept {
    fn new(host: Host, seconds: u32) -> Self {
        let mut sim = Sim::new();
        sim.add_host(host, good_link());
        let viewer = sim.add_viewer(good_link());
        sim.command(Command::Tap { room: ROOM, tap: Some(Tap::Best) });
        sim.run(seconds * SECOND);
        Self { sim, viewer, next: 0, answered: 0 }
    }

    fn order(&mut self, order: PastOrder) {
        self.sim.command(Command::Past { peer: self.viewer, order });
    }

    /// Some packets from the next one on.
    fn piece(&mut self) -> Arc<PastChunk> {
        let rest = &self.sim.tapped[self.next..];
        let mut bytes = 0;
        let fits = |it: &&TapPacket| {
            bytes += it.payload.len();
            bytes <= 16_000
        };
        let packets: Vec<TapPacket> = rest.iter().take_while(fits).cloned().collect();
        self.next += packets.len();
        Arc::new(PastChunk { is_edge: self.next == self.sim.tapped.len(), packets })
    }

    /// Goes back to the keyframe before so much time; how far that is.
    fn go_back(&mut self, by: Duration) -> Duration {
        let at = self.sim.now - by;
        let keys = self.sim.tapped.iter().enumerate();
        let mut before = keys.filter(|(_, it)| it.is_keyframe && it.arrived <= at);
        let (index, key) = before.next_back().map(|(n, it)| (n, it.arrived)).unwrap();
        self.next = index;
        let piece = self.piece();
        self.order(PastOrder::Begin(piece));
        self.sim.now - key
    }

    /// Runs, and gives what is asked for.
    fn run(&mut self, time: Duration) {
        let end = self.sim.now + time;
        while self.sim.now < end {
            self.sim.run(Duration::from_millis(10));
            let wanted = |it: &Event| matches!(it, Event::PastWanted { .. });
            let n_wanted = self.sim.times_of(wanted).len();
            while self.answered < n_wanted {
                self.answered += 1;
                let piece = self.piece();
                self.order(PastOrder::More(piece));
            }
        }
    }

    fn is_over(&self) -> bool {
        !self.sim.times_of(|it| matches!(it, Event::PastOver { .. })).is_empty()
    }

    /// How old what is shown now is.
    fn age(&mut self) -> Duration {
        let newest = self.sim.screen(self.viewer).shown.last().unwrap().2;
        let sent = self.sim.host(PeerId(1)).frames_sent;
        Duration::from_secs(u64::from(sent.saturating_sub(newest))) / 30
    }

    fn freeze_of_last(&mut self, n: usize) -> Duration {
        let shown = &self.sim.screen(self.viewer).shown;
        let from = shown.len().saturating_sub(n);
        let gaps = shown[from..].windows(2).map(|it| it[1].0 - it[0].0);
        gaps.max().unwrap_or_default()
    }
}

fn host() -> Host {
    Host::default().with_own_keyframes(50)
}

#[test]
fn sees_what_was_in_the_session_that_it_has() {
    let mut kept = Kept::new(host(), 60);
    let before = kept.sim.screen(kept.viewer).shown.len();
    let back = kept.go_back(30 * SECOND);
    let asked = kept.sim.now;
    kept.run(Duration::from_millis(300));
    let screen = kept.sim.screen(kept.viewer);
    let first = screen.shown[before..].iter().find(|it| it.2 < screen.shown[before - 1].2 - 100);
    let first = first.expect("a picture of the past");
    assert!(first.0 - asked < Duration::from_millis(200), "{:?}", first.0 - asked);
    kept.run(10 * SECOND);
    let age = kept.age();
    assert!(age.abs_diff(back) < Duration::from_millis(500), "{age:?} behind, asked for {back:?}");
    let n = kept.sim.screen(kept.viewer).shown.len() - before;
    assert!(kept.freeze_of_last(n - 20) < Duration::from_millis(150));
    let screen = kept.sim.screen(kept.viewer);
    assert_eq!(screen.ssrcs.len(), 2, "one stream of each: no other connection");
    let timestamps = &screen.timestamps;
    assert!(timestamps.windows(2).all(|it| it[1].wrapping_sub(it[0]) as i32 > 0), "they go on");
    assert_eq!((screen.undecodable, screen.unended), (0, 0));
    let sound = screen.audio_packets;
    kept.run(2 * SECOND);
    assert!(kept.sim.screen(kept.viewer).audio_packets - sound > 90, "with its sound");
}

#[test]
fn goes_back_to_what_is_live_at_once() {
    let mut kept = Kept::new(host(), 30);
    kept.go_back(20 * SECOND);
    kept.run(5 * SECOND);
    kept.order(PastOrder::End);
    kept.run(Duration::from_millis(300));
    assert!(kept.age() < Duration::from_millis(300), "{:?}", kept.age());
    kept.run(5 * SECOND);
    assert!(kept.freeze_of_last(100) < Duration::from_millis(150));
    let timestamps = kept.sim.screen(kept.viewer).timestamps.clone();
    assert!(timestamps.windows(2).all(|it| it[1].wrapping_sub(it[0]) as i32 > 0));
}

#[test]
fn catches_up_without_a_freeze_and_is_live_then() {
    let mut kept = Kept::new(host(), 30);
    kept.go_back(4 * SECOND);
    kept.run(SECOND);
    kept.order(PastOrder::Speed(110));
    let before = kept.sim.screen(kept.viewer).shown.len();
    kept.run(30 * SECOND);
    assert!(!kept.is_over(), "the past still has something: 4 to 6 s at a tenth more take longer");
    kept.run(40 * SECOND);
    assert!(kept.is_over());
    kept.run(3 * SECOND);
    assert!(kept.age() < Duration::from_millis(300), "{:?}", kept.age());
    let n = kept.sim.screen(kept.viewer).shown.len() - before;
    let freeze = kept.freeze_of_last(n);
    assert!(freeze < Duration::from_millis(200), "{freeze:?}");
}

#[test]
fn pauses_and_goes_on_where_it_was() {
    let mut kept = Kept::new(host(), 30);
    kept.order(PastOrder::Pause);
    kept.run(Duration::from_millis(200));
    let shown = kept.sim.screen(kept.viewer).shown.len();
    kept.run(10 * SECOND);
    assert_eq!(kept.sim.screen(kept.viewer).shown.len(), shown, "nothing is sent");
    kept.go_back(Duration::from_millis(10_200));
    kept.run(2 * SECOND);
    assert!(kept.sim.screen(kept.viewer).shown.len() > shown + 40);
}

#[test]
fn others_see_what_is_live_all_the_time() {
    let mut kept = Kept::new(host(), 30);
    let other = kept.sim.add_viewer(good_link());
    kept.run(3 * SECOND);
    kept.go_back(20 * SECOND);
    kept.run(10 * SECOND);
    assert!(kept.sim.screen(other).longest_freeze() < Duration::from_millis(100));
}

#[test]
fn repairs_what_is_lost_on_its_way() {
    let mut sim = Sim::new();
    sim.add_host(host(), good_link());
    let viewer = sim.add_viewer(lossy(2.0));
    sim.command(Command::Tap { room: ROOM, tap: Some(Tap::Best) });
    sim.run(40 * SECOND);
    let mut kept = Kept { sim, viewer, next: 0, answered: 0 };
    kept.go_back(30 * SECOND);
    kept.run(SECOND);
    let before = kept.sim.screen(kept.viewer).shown.len();
    kept.run(20 * SECOND);
    let shown = kept.sim.screen(kept.viewer).shown.len() - before;
    assert!(shown > 450, "{shown} of 500 frames");
}

#[test]
fn hears_the_past_without_its_picture_and_sees_it_again() {
    let mut kept = Kept::new(host(), 60);
    kept.go_back(40 * SECOND);
    kept.run(SECOND);
    let peer = kept.viewer;
    let prefer = |cap| {
        let preference = Preference { cap, is_hidden: false };
        Command::Prefer { peer, preference }
    };
    kept.sim.command(prefer(Cap::SoundOnly));
    kept.run(2 * SECOND);
    let before = (kept.sim.screen(peer).audio_packets, kept.sim.screen(peer).shown.len());
    kept.run(5 * SECOND);
    let screen = kept.sim.screen(peer);
    assert!(screen.audio_packets - before.0 > 220, "{}", screen.audio_packets - before.0);
    assert_eq!(screen.shown.len(), before.1);
    kept.sim.command(prefer(Cap::None));
    kept.run(5 * SECOND);
    let shown = kept.sim.screen(peer).shown.len() - before.1;
    assert!(shown > 60, "{shown} pictures");
}
