//! Arguments → one function per mode → exit code: the only composition.

use std::process::ExitCode;

use driftdeck::cli::{self, Asked, Mode};

fn main() -> ExitCode {
    // Before anything speaks TLS: rustls panics at first use when it cannot choose. Only a second install can fail.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Err(error) = color_eyre::install() {
        tracing::warn!(%error, "panics are told plainly");
    }
    match cli::parse(std::env::args_os()) {
        Err(code) => code,
        Ok(Mode::Cockpit(asked)) => cockpit(&asked),
        Ok(Mode::Demo(asked)) => demo(&asked),
        Ok(Mode::Command(asked)) => cli::run(&asked),
    }
}

/// The cockpit on the user's config, or on a directory.
fn cockpit(asked: &Asked) -> ExitCode {
    match cli::cockpit(asked) {
        Ok(_ready) => cli::fail(&cli::CliError::no_terminal()),
        Err(error) => cli::fail(&error),
    }
}

/// The cockpit on the sample fleet.
fn demo(_asked: &Asked) -> ExitCode {
    cli::fail(&cli::CliError::no_terminal())
}
