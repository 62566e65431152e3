//! The command line's own tests, on fleets and configs made by hand.

mod causes;
mod exits;
pub(in crate::cli) mod fleets;
mod reports;
mod selection;
mod settling;
mod typed;
