//! Stories: receivers that are away, slow, or not what they seem.

mod delivery;
mod http;
mod receivers;
