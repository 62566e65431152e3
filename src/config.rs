//! TOML file → checked `Config`.
