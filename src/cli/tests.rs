//! The command line's own tests, on fleets and configs made by hand.

mod exits;
pub(in crate::cli) mod fleets;
mod reports;
mod selection;
mod settling;
mod typed;
