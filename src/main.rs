//! driftdeck
fn main() {}
