//! What ends a command early: one error with its kind, its sentence, what to do, and the exit code that follows.

use std::fmt;

use crate::config::ConfigError;
use crate::model::{Foreign, Shown};

/// Which sort of failure; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line asks for what there is not.
    Usage,
    /// There is no config, or it has mistakes.
    Config,
    /// The cockpit without a terminal.
    NoTerminal,
    /// It could not be done.
    Failed,
    /// It took longer than `--timeout`.
    TimedOut,
}

/// Why a command ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliError {
    /// Which sort.
    pub kind: Kind,
    /// What is wrong; may hold words from outside, and several lines.
    pub message: Foreign,
    /// What to do about it.
    pub hint: Option<Foreign>,
}

impl CliError {
    fn new(kind: Kind, message: impl Into<Foreign>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// The command line asks for what there is not.
    pub fn usage(message: impl Into<Foreign>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// There is no config that can be used.
    pub fn config(message: impl Into<Foreign>) -> Self {
        Self::new(Kind::Config, message)
    }

    /// The cockpit was asked for, and there is nothing to draw it on.
    #[must_use]
    pub fn no_terminal() -> Self {
        Self::new(Kind::NoTerminal, "no terminal: the cockpit needs one on standard input and output")
            .hint("use `driftdeck status`, `diff` or `sync` in scripts")
    }

    /// It could not be done.
    pub fn failed(message: impl Into<Foreign>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// It took too long.
    pub fn timed_out(message: impl Into<Foreign>) -> Self {
        Self::new(Kind::TimedOut, message)
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<Foreign>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The exit code (product.md *Exit codes*).
    #[must_use]
    pub fn exit(&self) -> u8 {
        match self.kind {
            Kind::Usage | Kind::Config | Kind::NoTerminal => super::exit::USAGE,
            Kind::Failed | Kind::TimedOut => super::exit::FAILED,
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::config(error.to_string())
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for line in self.message.raw().lines() {
            let before = if first { "driftdeck: " } else { "           " };
            writeln!(f, "{before}{}", Shown::from(&Foreign::from(line)))?;
            first = false;
        }
        if let Some(hint) = &self.hint {
            writeln!(f, "           {}", Shown::from(hint))?;
        }
        Ok(())
    }
}
