//! The two streams: data on stdout, words on stderr. A closed pipe is no error; colour only on a terminal.
//!
//! The one place of the room that writes to the process's own streams. Foreign text reaches it as `Shown`.

use std::io::{self, IsTerminal as _, Write};

use super::args::When;
use super::error::CliError;
use crate::model::{Foreign, Shown, Verdict};

/// Where a command writes.
pub struct Screen {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    trouble: Option<io::ErrorKind>,
    closed: bool,
    /// Whether stdout takes colour.
    pub colour: Colour,
}

/// Colour or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub bool);

impl Screen {
    /// The process's own streams.
    #[must_use]
    pub fn real(when: When) -> Self {
        let quiet = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = match when {
            When::Always => true,
            When::Never => false,
            When::Auto => !quiet && !dumb && io::stdout().is_terminal(),
        };
        Self::over(Box::new(io::stdout()), Box::new(io::stderr()), Colour(colour))
    }

    /// Over any two streams.
    #[must_use]
    pub fn over(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, colour: Colour) -> Self {
        Self { out, err, trouble: None, closed: false, colour }
    }

    /// Writes data. Whoever reads it may stop reading at any time.
    pub fn data(&mut self, text: &str) {
        if self.closed {
            return;
        }
        let done = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        if let Err(error) = done {
            self.closed = true;
            self.trouble = (error.kind() != io::ErrorKind::BrokenPipe).then(|| error.kind());
        }
    }

    /// Whether nobody reads the data any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Says one line. That nobody hears it changes nothing.
    pub fn say(&mut self, line: &str) {
        let _ = writeln!(self.err, "{line}");
    }

    /// Says words from outside.
    pub fn say_foreign(&mut self, before: &str, words: &Foreign) {
        self.say(&format!("{before}{}", Shown::from(words)));
    }

    /// Says what went wrong, and gives its exit code.
    pub fn fail(&mut self, error: &CliError) -> u8 {
        let _ = write!(self.err, "{error}");
        error.exit()
    }

    /// The exit code once everything is written: data that could not be written is a failure.
    pub fn end(&mut self, exit: u8) -> u8 {
        match self.trouble.take() {
            Some(kind) => self.fail(&CliError::failed(format!("cannot write the output: {kind}"))),
            None => exit,
        }
    }
}

impl Colour {
    fn paint(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A verdict's word by its meaning. The word always stands: colour adds, it never tells alone.
    #[must_use]
    pub fn verdict(self, verdict: Verdict, text: &str) -> String {
        match verdict {
            Verdict::Synced => self.paint("32", text),
            Verdict::Touched | Verdict::Behind | Verdict::Extra => self.paint("36", text),
            Verdict::Unknown => self.paint("35", text),
            Verdict::Drifted | Verdict::Diverged | Verdict::Contested => self.paint("33", text),
            Verdict::Invalid | Verdict::Missing | Verdict::Terminating => self.paint("31", text),
        }
    }

    /// A line of the live side.
    #[must_use]
    pub fn live(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// A line of the live side that stays.
    #[must_use]
    pub fn stays(self, text: &str) -> String {
        self.paint("36", text)
    }

    /// A line of git's side.
    #[must_use]
    pub fn git(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// A heading.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What matters less.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
}
