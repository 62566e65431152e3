//! What driftdeck does in each scene of the sandbox (`faults.md` section 3), and that a real server speaks as they do.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[path = "support/road.rs"]
#[allow(dead_code, reason = "each suite uses its own part of it")]
mod road;

#[path = "scenes/looking.rs"]
mod looking;
#[path = "scenes/show.rs"]
mod show;
#[path = "scenes/words.rs"]
mod words;
#[path = "scenes/writing.rs"]
mod writing;
