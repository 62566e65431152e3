//! What clap says: help, version, mistakes of the command line, completions, the manual page.

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use super::args::Cli;
use super::error::CliError;
use super::screen::Screen;
use super::{exit, refused};
use crate::model::Foreign;

/// Prints what clap answered instead of arguments, and gives the exit code.
pub fn clap(error: &clap::Error, screen: &mut Screen) -> u8 {
    if let Some(error) = refused::flag(error) {
        return screen.fail(&error);
    }
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        screen.data(&text);
        return exit::OK;
    }
    // The words of the command line are in it.
    for line in text.trim_end().lines() {
        screen.say_foreign("", &Foreign::from(line));
    }
    exit::USAGE
}

/// `driftdeck completions SHELL`.
pub fn completions(shell: clap_complete::Shell, screen: &mut Screen) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "driftdeck", &mut script);
    screen.data(&String::from_utf8_lossy(&script));
    exit::OK
}

/// `driftdeck man`.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn man(screen: &mut Screen) -> Result<u8, CliError> {
    let mut page = Vec::new();
    let written = clap_mangen::Man::new(Cli::command()).render(&mut page);
    written.map_err(|error| CliError::failed(format!("the page cannot be written: {error}")))?;
    screen.data(&String::from_utf8_lossy(&page));
    Ok(exit::OK)
}
