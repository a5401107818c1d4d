//! A long evening: a hundred viewers for ten minutes, and everybody leaves. What was taken is given
//! back.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test asserts, and tells its figures"
)]
#![allow(unsafe_code, reason = "a counting allocator is how a test sees memory")]

#[allow(dead_code, unused_imports, reason = "the stories use the rest")]
#[path = "stories/sim/mod.rs"]
mod sim;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;

use sfu::{Command, Event, PeerId};
use sim::{Host, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);
const N_VIEWERS: usize = 100;

struct Counting;

static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);

// SAFETY: everything is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE_BYTES.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn live_kib() -> isize {
    LIVE_BYTES.load(Ordering::Relaxed) / 1024
}

/// Everybody comes, watches, and leaves: one half says so, the other is just gone.
fn evening(sim: &mut Sim, n_viewers: usize, minutes: u64) {
    let host = sim.add_host(Host::sparse(), good_link());
    let viewers: Vec<PeerId> = (0..n_viewers)
        .map(|_| {
            sim.run(Duration::from_millis(50));
            sim.add_viewer(good_link())
        })
        .collect();
    for minute in 0..minutes {
        for viewer in &viewers {
            // What the test itself remembers is not the server's memory.
            sim.client_mut(*viewer).viewer().screen.forget_packets();
        }
        let shown: Vec<usize> = viewers.iter().map(|it| sim.screen(*it).shown.len()).collect();
        sim.run(60 * SECOND);
        for (viewer, before) in viewers.iter().zip(shown) {
            let now = sim.screen(*viewer).shown.len();
            assert!(now > before + 550, "{viewer} saw {} frames in minute {minute}", now - before);
        }
        println!("minute {minute}: {} KiB, {:?}", live_kib(), sim.sfu.sizes());
    }
    for (n, viewer) in viewers.iter().enumerate() {
        if n % 2 == 0 {
            sim.command(Command::Close { peer: *viewer });
        }
        sim.vanish(*viewer);
    }
    sim.command(Command::Close { peer: host });
    sim.vanish(host);
    sim.run(60 * SECOND);
}

#[test]
fn a_hundred_viewers_for_ten_minutes_leave_nothing_behind() {
    let mut sim = Sim::new();
    // Once in short, so that what is made once in a process is made, and tables have the capacity
    // that this many viewers need (they keep it; a second evening of as many adds nothing).
    evening(&mut sim, N_VIEWERS, 1);
    sim.events = Vec::new();
    let (kib, sizes) = (live_kib(), sim.sfu.sizes());
    assert_eq!((sizes.peers, sizes.rooms, sizes.timers, sizes.ring_bytes), (0, 0, 0, 0));
    assert_eq!(sizes.routes, [0, 0, 0]);

    evening(&mut sim, N_VIEWERS, 10);
    let closed = sim.times_of(|it| matches!(it, Event::Closed { .. })).len();
    assert_eq!(closed, N_VIEWERS + 1, "each left once");
    sim.events = Vec::new();
    assert_eq!(sim.sfu.sizes(), sizes, "timers, routes and rooms are those of the beginning");
    let grown = live_kib() - kib;
    println!("{grown} KiB more than at the beginning");
    // Half a megabyte a viewer was in use; a leak of one packet each would show.
    assert!(grown < 100, "{grown} KiB were not given back");
}
