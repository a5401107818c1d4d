//! Stories on a virtual clock: pages say things, a stand-in for the media plane answers, and we
//! look at what everybody is told.

mod findings;
mod hosts;
mod late;
mod layers;
mod limits;
mod media_events;
mod properties;
mod resume;
mod seed;
mod watching;
mod world;
