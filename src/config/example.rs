//! The sample: every key with its meaning; a test parses it and holds its defaults to the code's.

/// `config.example.toml`, as `driftdeck config example` prints it.
#[must_use]
pub fn example() -> &'static str {
    include_str!("../../config.example.toml")
}
