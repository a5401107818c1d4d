//! Files of real media: what players find in them, and what is left of them when they are cut off. One program, which is
//! linked once.
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;
mod live;
mod mp4_reader;
mod webm_reader;

mod begins;
mod cut_off;
#[cfg(unix)]
mod disk_faults;
mod inspect;
mod killed;
mod limits;
mod mp4;
mod read;
mod webm;
