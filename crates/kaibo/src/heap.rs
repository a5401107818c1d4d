//! An allocator that counts, thread by thread, so that `kaibo bench egress` can tell how many
//! allocations a packet costs and how much memory a viewer. It is the system's in everything else; two
//! additions to a number of the thread's own cost a nanosecond.

#![allow(
    unsafe_code,
    reason = "an allocator is unsafe by its trait; this one passes everything on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}

/// Allocations made so far by this thread, and the bytes that it took more than it gave back.
pub(crate) fn of_this_thread() -> (u64, i64) {
    (ALLOCATIONS.get(), HELD.get())
}

/// See the module.
pub(crate) struct Counting;

/// A thread that is ending has no counters any more, and still gives memory back.
fn note(allocations: u64, bytes: i64) {
    _ = ALLOCATIONS.try_with(|it| it.set(it.get().wrapping_add(allocations)));
    _ = HELD.try_with(|it| it.set(it.get().wrapping_add(bytes)));
}

// SAFETY: every call goes to the system's allocator with the arguments that came; the counters are
// constants at first and need no allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        note(0, -(layout.size() as i64));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(1, size as i64 - layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(at, layout, size) }
    }
}
