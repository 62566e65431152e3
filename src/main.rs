//! Arguments → one function per mode → exit code: the only composition.

#[path = "main/modes.rs"]
mod modes;

use std::process::ExitCode;

use driftdeck::cli::{self, Mode};

fn main() -> ExitCode {
    // Before anything speaks TLS: rustls panics at first use when it cannot choose. Only a second install can fail.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Err(error) = color_eyre::install() {
        tracing::warn!(%error, "panics are told plainly");
    }
    match cli::parse(std::env::args_os()) {
        Err(code) => code,
        Ok(Mode::Cockpit(asked)) => modes::cockpit(&asked),
        Ok(Mode::Demo(asked)) => modes::demo(&asked),
        Ok(Mode::Command(asked)) => cli::run(&asked),
    }
}
