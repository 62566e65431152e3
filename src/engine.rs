//! The engine: decides what to do with what git and the clusters say. The same under cockpit, command line and agent.
//!
//! Owns the world and its one loop: `step` decides (pure), the driver carries out, `publish` tells. Refuses to write
//! unless ordered (or, as agent, by policy), and never without asking the gates of `plan`.

mod adapt;
mod answer;
mod base;
mod blame;
mod claimed;
mod clock;
mod desired;
mod driver;
mod effect;
mod event;
mod execute;
mod judge;
mod line;
mod planning;
mod publish;
mod rendering;
mod rows;
mod setup;
mod site;
mod step;
mod testimony;
mod world;

pub use clock::Clock;
pub use driver::{Handle, start};
pub use setup::{Ports, Setup};
pub use world::Role;

/// Whether reverts can be pushed from here: that takes the `git` program.
#[must_use]
pub fn can_push() -> bool {
    crate::source::git_program().is_some()
}
