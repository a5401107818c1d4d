//! Stories on a virtual clock: pages say things, a stand-in for the media plane answers, and we
//! look at what everybody is told.

mod access;
mod admission;
mod basic;
mod chat;
mod findings;
mod give_way;
mod happened;
mod host_rights;
mod hosts;
mod kept;
mod late;
mod latency;
mod layers;
mod limits;
mod log;
mod media_events;
mod order;
mod programs;
mod properties;
mod replies;
mod resume;
mod stage;
mod watching;
mod world;
