//! The command line: one file per subcommand, output formats, exit codes.
//!
//! Owns what is typed, what is printed and the number that is left behind. Decides nothing about apps: it starts the
//! engine, waits, asks, orders with what the flags answered, and prints what the engine says. Refuses to prompt, to
//! write colour off a terminal, and to fail over a closed pipe.

mod agent;
mod args;
mod configs;
mod context;
mod diff;
mod error;
mod exit;
mod filter;
mod ground;
mod history;
mod hold;
mod json;
mod logs;
mod places;
mod planned;
mod progress;
mod refused;
mod report;
mod revert;
mod screen;
mod select;
mod session;
mod settle;
mod signal;
mod start;
mod status;
mod sync;
mod table;
mod terminal;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};
use ground::Ground;
use places::Places;
use screen::Screen;
use signal::Running;

pub use args::{DemoArgs, Global, When};
pub use error::{CliError, Kind};
pub use signal::caught;
pub use start::{Cockpit, cockpit};
pub use terminal::{Terminal, no_git, zone};

#[cfg(test)]
mod tests;

/// What the process is asked to be.
pub enum Mode {
    /// The cockpit, with a config or on a directory.
    Cockpit(Asked),
    /// The cockpit on the sample fleet.
    Demo(Asked),
    /// A command that prints and ends.
    Command(Asked),
}

/// What was typed, well-formed.
pub struct Asked {
    cli: Cli,
}

impl Asked {
    /// What holds for every command.
    #[must_use]
    pub fn global(&self) -> &Global {
        &self.cli.global
    }

    /// What the demo was asked for.
    #[must_use]
    pub fn demo(&self) -> DemoArgs {
        match &self.cli.command {
            Some(Command::Demo(args)) => args.clone(),
            _ => DemoArgs::default(),
        }
    }
}

/// Reads the command line. Help, the version and mistakes are printed here; their exit code is the error.
///
/// # Errors
/// The exit code.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Mode, ExitCode> {
    let mut screen = Screen::real(When::Auto);
    let cli = Cli::try_parse_from(words).map_err(|error| ExitCode::from(words::clap(&error, &mut screen)))?;
    if let Some(error) = refused::first(&cli) {
        return Err(ExitCode::from(screen.fail(&error)));
    }
    match &cli.command {
        None => Ok(Mode::Cockpit(Asked { cli })),
        Some(_) if cli.dir.is_some() => {
            let error = CliError::usage("a directory opens the cockpit: it takes no command");
            Err(ExitCode::from(screen.fail(&error.hint("for a command on plain manifests: driftdeck diff -f DIR"))))
        }
        Some(Command::Demo(_)) => Ok(Mode::Demo(Asked { cli })),
        Some(_) => Ok(Mode::Command(Asked { cli })),
    }
}

/// Runs a command to its exit code.
#[must_use]
pub fn run(asked: &Asked) -> ExitCode {
    let mut screen = Screen::real(asked.cli.global.color);
    let exit = execute(asked, &mut screen).unwrap_or_else(|error| screen.fail(&error));
    ExitCode::from(screen.end(exit))
}

/// Prints a line of data; its exit code where nobody reads it.
#[must_use]
pub fn print(line: &str) -> u8 {
    let mut screen = Screen::real(When::Auto);
    screen.data(&format!("{line}\n"));
    screen.end(0)
}

/// Says a line of words, on stderr.
pub fn say(line: &str) {
    Screen::real(When::Auto).say(line);
}

/// Says an error, and gives its exit code.
#[must_use]
pub fn fail(error: &CliError) -> ExitCode {
    ExitCode::from(Screen::real(When::Auto).fail(error))
}

fn execute(asked: &Asked, screen: &mut Screen) -> Result<u8, CliError> {
    match &asked.cli.command {
        Some(Command::Completions { shell }) => return Ok(words::completions(*shell, screen)),
        Some(Command::Man) => return words::man(screen),
        _ => {}
    }
    let places = Places::find()?;
    let global = &asked.cli.global;
    let running = Running::default();
    let mut ground = Ground { places: &places, global, screen, running: running.clone() };
    if let Some(Command::Config(args)) = &asked.cli.command {
        return configs::run(&args.act, &mut ground);
    }
    let _log = logs::start(&places.state, global.log_file.as_deref())?;
    signal::block_on(command(asked.cli.command.as_ref(), &mut ground), &running)
}

async fn command(command: Option<&Command>, ground: &mut Ground<'_>) -> Result<u8, CliError> {
    use hold::Hold;
    match command {
        Some(Command::Status(args)) => status::run(args, ground).await,
        Some(Command::Diff(args)) => diff::run(args, ground).await,
        Some(Command::Sync(args)) => sync::run(args, ground).await,
        Some(Command::History(args)) => history::run(args, ground).await,
        Some(Command::Revert(args)) => revert::run(args, ground).await,
        Some(Command::Pause(args)) => hold::run(Hold::Pause(args), ground).await,
        Some(Command::Resume(args)) => hold::run(Hold::Resume(args), ground).await,
        Some(Command::Pin(args)) => hold::run(Hold::Pin(args), ground).await,
        Some(Command::Unpin(args)) => hold::run(Hold::Unpin(args), ground).await,
        Some(Command::Agent) => agent::run(ground).await,
        Some(Command::Demo(_) | Command::Config(_) | Command::Completions { .. } | Command::Man) | None => {
            Err(CliError::usage("this is not a command that prints"))
        }
    }
}
