//! A datagram allocates nothing.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]
#![allow(unsafe_code, reason = "an allocator that counts")]

#[path = "all/common/mod.rs"]
#[allow(dead_code, reason = "it uses a part")]
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::*;
use turn::Output;
use turn_types::attribute::{Data, XorPeerAddress};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A datagram from the client, and one for it, on a stream that carries 5 at once.
fn round(client: &mut Client, message: &[u8], peer: usize) {
    for _ in 0..5 {
        let space = client.allocation.space();
        space[..message.len()].copy_from_slice(message);
        client.allocation.received(message.len());
        assert!(matches!(client.allocation.poll_output(client.now), Output::Datagram { .. }));
        assert!(matches!(client.allocation.poll_output(client.now), Output::Wait(_)));
        client.allocation.handle_datagram(client.now, peer, &[0; 1200]);
    }
    let n = client.allocation.waiting().len();
    client.allocation.written(client.now, n);
}

#[test]
fn datagrams_in_either_direction_and_form_allocate_nothing() {
    let mut client = Client::allocated();
    assert_eq!((client.bind(0x4000, PUBLIC), client.permit(LAN)), (200, 200));
    let id = client.next_id();
    let lan = XorPeerAddress::new(addr(LAN), id);
    let on_channel = channel_data(0x4000, &[0; 1200]);
    let in_indication = indication(&[&lan, &Data::new(&[0; 1200])], id);
    let both = |client: &mut Client| {
        round(client, &on_channel, 0);
        round(client, &in_indication, 1);
    };
    both(&mut client);
    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        both(&mut client);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert_eq!(client.allocation.counts().to_client, 2 * 5 * 101);
}
